# Installs programs, manual pages and data below $(DESTDIR)$(PREFIX), what
# administrators run into sbin, delivery helpers into LIBEXECDIR. smtpctl
# needs the queue's group to leave mail in the offline folder, lockspool that
# of the mailboxes' folder: install-setgid gives them, where they exist.

BINDIR = $(PREFIX)/bin
SBINDIR = $(PREFIX)/sbin
MANDIR = $(PREFIX)/share/man
DATADIR = $(PREFIX)/share/smtpd-compile
MAIL_GROUP = mail

manuals = $(wildcard docs/man/*.[1-9])
# Other names of a page, NAME:PAGE, for those who look for them.
manual.names = mailq.8:smtpctl.8 newaliases.8:makemap.8 \
	send-mail.8:sendmail.8 lockspool.8:mail.local.8
data = $(wildcard docs/*.schema.json)
admin.programs = $(filter %/smtpd %/smtpctl,$(programs))
section = $(subst .,,$(suffix $(1)))

install: all install-library
	install -d '$(DESTDIR)$(BINDIR)'
	$(if $(programs),install -m 755 $(filter-out \
	    $(admin.programs),$(programs)) '$(DESTDIR)$(BINDIR)')
	$(if $(admin.programs),install -D -m 755 -t '$(DESTDIR)$(SBINDIR)' \
	    $(admin.programs))
	$(if $(links),cp -P $(links) '$(DESTDIR)$(SBINDIR)')
	$(if $(helpers),install -D -m 755 -t '$(DESTDIR)$(LIBEXECDIR)' \
	    $(helpers))
	$(foreach page,$(manuals),install -D -m 644 $(page) \
	    '$(DESTDIR)$(MANDIR)/man$(call section,$(page))/$(notdir \
	    $(page))' &&) :
	$(foreach pair,$(manual.names),ln -sf $(lastword $(subst \
	    :, ,$(pair))) '$(DESTDIR)$(MANDIR)/man8/$(firstword $(subst \
	    :, ,$(pair)))' &&) :
	$(foreach file,$(data),install -D -m 644 $(file) \
	    '$(DESTDIR)$(DATADIR)/$(notdir $(file))' &&) :

install-setgid:
	chgrp $(SMTPQ_USER) '$(DESTDIR)$(SBINDIR)/smtpctl'
	chmod 2555 '$(DESTDIR)$(SBINDIR)/smtpctl'
	chgrp $(MAIL_GROUP) '$(DESTDIR)$(LIBEXECDIR)/lockspool'
	chmod 2555 '$(DESTDIR)$(LIBEXECDIR)/lockspool'

.PHONY: install install-setgid
