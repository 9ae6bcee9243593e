# Users and paths that the daemon is built with. Each can be given to make;
# PRESET=debian takes those of Debian's opensmtpd, in whose place the daemon
# then runs.

PRESET =
ifeq ($(PRESET),debian)
PREFIX = /usr
SMTPD_USER = opensmtpd
SMTPQ_USER = opensmtpq
RUNDIR = /run
CHROOTDIR = /var/lib/opensmtpd/empty
LIBEXECDIR = $(PREFIX)/libexec/opensmtpd
else
PREFIX = /usr/local
SMTPD_USER = _smtpd
SMTPQ_USER = _smtpq
RUNDIR = /var/run
CHROOTDIR = /var/empty
LIBEXECDIR = $(PREFIX)/libexec/smtpd
endif
SYSCONFDIR = /etc
SPOOLDIR = /var/spool/smtpd

path_flag = -DPATHS_$(1)='"$(2)"'
flags.paths = $(call path_flag,SMTPD_USER,$(SMTPD_USER)) \
	$(call path_flag,SMTPQ_USER,$(SMTPQ_USER)) \
	$(call path_flag,CONFIG,$(SYSCONFDIR)/smtpd.conf) \
	$(call path_flag,ALIASES,$(SYSCONFDIR)/aliases) \
	$(call path_flag,MAILNAME,$(SYSCONFDIR)/mailname) \
	$(call path_flag,SPOOL,$(SPOOLDIR)) \
	$(call path_flag,SOCKET,$(RUNDIR)/smtpd.sock) \
	$(call path_flag,PIDFILE,$(RUNDIR)/smtpd.pid) \
	$(call path_flag,CHROOT,$(CHROOTDIR)) \
	$(call path_flag,BINDIR,$(PREFIX)/bin) \
	$(call path_flag,SBINDIR,$(PREFIX)/sbin) \
	$(call path_flag,LIBEXEC_DIR,$(LIBEXECDIR))
