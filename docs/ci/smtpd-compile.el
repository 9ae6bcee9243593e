;; Emacs: M-x compile with "smtpd-compile -n FILE" finds the places of
;; errors, warnings and notes. Put this into your init file.
(require 'compile)
(add-to-list 'compilation-error-regexp-alist 'smtpd-compile)
(add-to-list
 'compilation-error-regexp-alist-alist
 '(smtpd-compile
   "^\\([^:\n]+\\):\\([0-9]+\\):\\([0-9]+\\): \\(?:error\\|\\(warning\\|advice\\)\\|\\(note\\)\\): "
   1 2 3 (4 . 5)))
