# Sources to objects, archives and programs. Owns all compiler flags.

# Flags.

warnings = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wswitch-enum -Wcast-qual -Wnull-dereference -Wstrict-prototypes \
	-Wmissing-prototypes
hardening = -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
# The daemon has none of the compiler's libraries, nor the other way round.
packages.compiler = jansson libcrypt openssl yaml-0.1
packages.runtime = libcrypt libevent_core libseccomp openssl zlib
pkgconf = $(shell pkgconf $(1) 2>/dev/null)

flags.common = -g -fPIE $(if $(SANITIZE),-fsanitize=$(SANITIZE) \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer)
flags.cpp = -D_GNU_SOURCE -I. -I$(BUILD)/gen $(call pkgconf,--cflags \
	$(packages.compiler) $(packages.runtime))
flags.c = -std=c11 $(if $(SANITIZE),-O1,-O2 $(hardening)) $(flags.common) \
	$(warnings) $(if $(filter no,$(WERROR)),,-Werror) $(flags.cpp) \
	$(CPPFLAGS) $(CFLAGS)
flags.ld = $(flags.common) -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)
libs.compiler = $(call pkgconf,--libs $(packages.compiler))
# Berkeley DB has no package file, libunbound's wants packages that are not
# needed to link with it.
libs.runtime = $(call pkgconf,--libs $(packages.runtime)) -ldb -lunbound
libs.migrate = $(libs.compiler) $(libs.runtime)
libs.grammar = $(libs.compiler)

# V=1 shows whole commands.
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $@;)

compile = $(call say,CC)$(CC) $(flags.c) $(flags.object) -MMD -MP -c -o $@ $<
link = $(call say,LD)$(CC) $(flags.ld) -o $@ $(filter %.o,$^) -Wl,--start-group \
	$(filter %.a,$^) -Wl,--end-group $(libs) $(libs.extra)

# flex's scanners walk their buffer stack without the checks gcc wants.
$(BUILD)/obj/gen/grammar/lexer.o: flags.object = -Wno-null-dereference
$(BUILD)/obj/runtime/base/paths.o: flags.object = $(flags.paths)

# Sources.

mains = $(wildcard compiler/main_*.c migrate/main_*.c runtime/*/main_*.c)
sources = $(filter-out $(mains),$(wildcard $(addsuffix /*.c,$(boxes))))
gen.c = $(patsubst %,$(BUILD)/gen/%.c,$(basename \
	$(wildcard grammar/lexer.l grammar/legacy.y grammar/modern.y)))
gen.h = $(gen.c:.c=.h)

objects_of = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter $(1)/%.c,$(sources))) \
	$(if $(filter grammar,$(1)),$(gen.c:$(BUILD)/%.c=$(BUILD)/obj/%.o))
archive_of = $(BUILD)/lib/lib$(notdir $(1)).a

present = $(foreach box,$(boxes),$(if $(filter $(box)/%.c,$(sources)),$(box)))
archives = $(foreach box,$(present),$(call archive_of,$(box)))
# main_x.c is smtpd-x of the compiler, x of the daemon; main_mail_x.c is the
# helper mail.x.
main.name = $(patsubst main_%,%,$(basename $(notdir $(1))))
program_of = $(BUILD)/$(if $(filter runtime/mda/%,$(1)),libexec/$(subst \
	_,.,$(main.name)),bin/$(if $(filter \
	runtime/%,$(1)),,smtpd-)$(main.name))
programs = $(foreach main,$(filter-out runtime/mda/%,$(mains)),$(call \
	program_of,$(main)))
helpers = $(foreach main,$(filter runtime/mda/%,$(mains)),$(call \
	program_of,$(main)))
# Other names of smtpctl, which looks at the one it is called by.
links = $(if $(wildcard runtime/control/main_smtpctl.c),$(addprefix \
	$(BUILD)/bin/,sendmail send-mail mailq makemap newaliases))
# A box and what it uses, highest first.
linked = $(foreach box,$(present),$(if $(filter $(1) $(uses.$(1)) \
	$(if $(filter runtime,$(uses.$(1))),runtime/%),$(box)),$(call \
	archive_of,$(box))))

# A command or a list of inputs that changed makes its target out of date:
# $(call remember,FILE,TEXT) rewrites FILE when TEXT is not what it holds.

remember = mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | \
	cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' >$@

$(BUILD)/obj/flags: FORCE
	@$(call remember,$(CC) $(flags.c) $(flags.paths))

$(BUILD)/obj/ldflags: FORCE
	@$(call remember,$(CC) $(flags.ld) $(libs.migrate))

$(BUILD)/lib/%.list: FORCE
	@$(call remember,$(objects))

# Rules.

# Says which packages are missing before a compiler error would.
$(BUILD)/obj/deps: tools/install-deps
	@mkdir -p $(@D)
	@tools/install-deps --check build
	@touch $@

$(BUILD)/obj/%.o: %.c $(BUILD)/obj/flags | $(BUILD)/obj/deps
	@mkdir -p $(@D)
	$(compile)

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/obj/flags | $(BUILD)/obj/deps
	@mkdir -p $(@D)
	$(compile)

$(BUILD)/gen/%.c $(BUILD)/gen/%.h: %.l | $(BUILD)/obj/deps
	@mkdir -p $(@D)
	$(call say,FLEX)flex -o $(BUILD)/gen/$*.c --header-file=$(BUILD)/gen/$*.h $<

$(BUILD)/gen/%.c $(BUILD)/gen/%.h: %.y | $(BUILD)/obj/deps
	@mkdir -p $(@D)
	$(call say,BISON)bison -Wall -Werror -Wcounterexamples \
	    --header=$(BUILD)/gen/$*.h -o $(BUILD)/gen/$*.c $<

define archive_rule
$(call archive_of,$(1)): objects = $(call objects_of,$(1))
$(call archive_of,$(1)): $(call objects_of,$(1)) \
    $(patsubst %.a,%.list,$(call archive_of,$(1)))
	@rm -f $$@
	$$(call say,AR)ar rcs $$@ $$(filter %.o,$$^)
endef

# $(call program_rule,SOURCE,PROGRAM,BOX)
define program_rule
$(2): libs = $$(libs.$(firstword $(subst /, ,$(3))))
$(2): $(BUILD)/obj/$(1:.c=.o) $(call linked,$(3)) $(BUILD)/obj/ldflags
	@mkdir -p $$(@D)
	$$(link)
endef

$(foreach box,$(present),$(eval $(call archive_rule,$(box))))
$(foreach main,$(mains),$(eval $(call program_rule,$(main),$(call \
	program_of,$(main)),$(patsubst %/,%,$(dir $(main))))))

$(links): $(BUILD)/bin/smtpctl
	$(call say,LN)ln -sf smtpctl $@

gen: $(gen.c) $(gen.h)

-include $(shell find '$(BUILD)/obj' -name '*.d' 2>/dev/null)

# Keep what chains of pattern rules make.
.SECONDARY:
.PHONY: gen
