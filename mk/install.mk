# Installs programs, manual pages and data below $(DESTDIR)$(PREFIX).

BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
DATADIR = $(PREFIX)/share/smtpd-compile

manuals = $(wildcard docs/man/*.[1-9])
data = $(wildcard docs/*.schema.json)
section = $(subst .,,$(suffix $(1)))

install: all
	install -d '$(DESTDIR)$(BINDIR)'
	$(if $(programs),install -m 755 $(programs) '$(DESTDIR)$(BINDIR)')
	$(foreach page,$(manuals),install -D -m 644 $(page) \
	    '$(DESTDIR)$(MANDIR)/man$(call section,$(page))/$(notdir \
	    $(page))' &&) :
	$(foreach file,$(data),install -D -m 644 $(file) \
	    '$(DESTDIR)$(DATADIR)/$(notdir $(file))' &&) :

.PHONY: install
