# libsmtpdruleset: what other programs need to run compiled rulesets. Its
# objects are compiled anew, since those of the boxes cannot go into a shared
# library; what it offers is listed in mk/library.map.

LIBDIR = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include/smtpdruleset

library.version = 1
library.sources = $(wildcard runtime/ruleset/blob*.c) \
	runtime/ruleset/ruleset.c $(addprefix runtime/base/,domain.c \
	mailaddr.c netaddr.c)
library.headers = $(addprefix runtime/ruleset/,blob.h blob_format.def ir.h \
	limits.def ruleset.h target.h) $(addprefix runtime/base/,mailaddr.h \
	service.h srcpos.h str.h)
library.objects = $(library.sources:%.c=$(BUILD)/obj/pic/%.o)
library.static = $(BUILD)/lib/libsmtpdruleset.a
library.shared = $(BUILD)/lib/libsmtpdruleset.so.$(library.version)
library.pc = $(BUILD)/lib/smtpdruleset.pc

$(library.objects): flags.object = -fPIC
$(BUILD)/obj/pic/%.o: %.c $(BUILD)/obj/flags | $(BUILD)/obj/deps
	@mkdir -p $(@D)
	$(compile)

$(library.static): $(library.objects)
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,AR)ar rcs $@ $^

$(library.shared): $(library.objects) mk/library.map
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(flags.common) -shared -Wl,-z,relro,-z,now \
	    -Wl,-soname,$(@F) -Wl,--version-script=mk/library.map $(LDFLAGS) \
	    -o $@ $(library.objects) $(call pkgconf,--libs libcrypto)

$(library.pc): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' 'Name: smtpdruleset' \
	    'Description: Runs rulesets that smtpd-compile made' \
	    'Version: $(library.version)' \
	    'Cflags: -I$(INCLUDEDIR)' \
	    'Libs: -L$(LIBDIR) -lsmtpdruleset' \
	    'Requires.private: libcrypto' >$@

library: $(library.static) $(library.shared) $(library.pc)

install-library: library
	install -d '$(DESTDIR)$(LIBDIR)/pkgconfig'
	install -m 644 $(library.static) $(library.shared) \
	    '$(DESTDIR)$(LIBDIR)'
	ln -sf $(notdir $(library.shared)) \
	    '$(DESTDIR)$(LIBDIR)/libsmtpdruleset.so'
	install -m 644 $(library.pc) '$(DESTDIR)$(LIBDIR)/pkgconfig'
	$(foreach file,$(library.headers),install -D -m 644 $(file) \
	    '$(DESTDIR)$(INCLUDEDIR)/$(file)' &&) :

.PHONY: library install-library
