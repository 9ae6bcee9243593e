" Vim compiler file for smtpd-compile: copy it to ~/.vim/compiler/. Then
" :compiler smtpd-compile, and :make checks the file and jumps to the errors.
if exists('current_compiler')
	finish
endif
let current_compiler = 'smtpd-compile'

let s:saved_cpo = &cpo
set cpo&vim

CompilerSet makeprg=smtpd-compile\ -n\ %:S
CompilerSet errorformat=
	\%E%f:%l:%c:\ error:\ %m,
	\%W%f:%l:%c:\ warning:\ %m,
	\%I%f:%l:%c:\ advice:\ %m,
	\%N%f:%l:%c:\ note:\ %m,
	\%-G%.%#

let &cpo = s:saved_cpo
unlet s:saved_cpo
