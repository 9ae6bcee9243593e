# Test programs and scripts, sanitizer builds, fuzzing.

comma = ,
install.deps = $(if $(filter no,$(DEPS)),:,tools/install-deps)

# Tests: <box>/tests/test_*.c, each linked with the box's other .c files in
# tests/, and those of the daemon's boxes with runtime/tests/*.c too;
# */tests/test_*.sh and test_*.py run as they are and print TAP.

test.dirs = $(wildcard */tests runtime/*/tests)
test.mains = $(wildcard $(addsuffix /test_*.c,$(test.dirs)))
test.sources = $(wildcard $(addsuffix /*.c,$(test.dirs)))
test.scripts = $(wildcard $(foreach dir,$(test.dirs),$(dir)/test_*.sh \
	$(dir)/test_*.py))
test.program = $(BUILD)/tests/$(patsubst %/tests/,%,$(dir \
	$(1)))/$(basename $(notdir $(1)))
test.programs = $(foreach test,$(test.mains),$(call test.program,$(test)))
test.helpers = $(filter $(dir $(1))% $(if $(filter $(addsuffix \
	/%,$(daemon.boxes)),$(1)),runtime/tests/%),$(filter-out $(test.mains),$(test.sources)))

$(test.programs): libs.extra = -lcriterion
# Tests of the daemon's boxes can make memory short: runtime/tests/shortage.h.
$(foreach test,$(filter $(addsuffix /%,$(daemon.boxes)),$(test.mains)),$(call \
	test.program,$(test))): libs.extra = -lcriterion \
	$(addprefix -Wl$(comma)--wrap=,malloc calloc realloc strdup)
# Criterion's macros are variadic with nothing to vary.
$(test.sources:%.c=$(BUILD)/obj/%.o): flags.object = \
	$(if $(findstring clang,$(CC)),-Wno-gnu-zero-variadic-macro-arguments)

define test_rule
$(call program_rule,$(1),$(call test.program,$(1)),$(patsubst \
	%/tests/,%,$(dir $(1))))
$(call test.program,$(1)): $(patsubst %.c,$(BUILD)/obj/%.o,$(call \
	test.helpers,$(1)))
endef

$(foreach test,$(test.mains),$(eval $(call test_rule,$(test))))

# Fuzz harnesses: <box>/fuzz/fuzz_NAME.c, seeds in fixtures/fuzz/NAME, an
# optional dictionary <box>/fuzz/NAME.dict. make check replays the seeds.

FUZZ_TIME = 60
fuzz.sources = $(wildcard */fuzz/fuzz_*.c runtime/*/fuzz/fuzz_*.c)
fuzz.names = $(patsubst fuzz_%.c,%,$(notdir $(fuzz.sources)))
fuzz.targets = $(addprefix fuzz-,$(fuzz.names))
# Of $(1), a NAME.
fuzz.source = $(filter %/fuzz_$(1).c,$(fuzz.sources))
fuzz.box = $(patsubst %/fuzz/,%,$(dir $(fuzz.source)))
fuzz.replays = $(addprefix $(BUILD)/tests/fuzz/replay_,$(fuzz.names))
fuzz.engines = $(addprefix $(BUILD)/tests/fuzz/fuzz_,$(fuzz.names))

$(fuzz.engines): libs.extra = -fsanitize=fuzzer
# What makes random configs and puts forests to the loop, for more than tests.
shared.helpers = $(patsubst %,$(BUILD)/obj/compiler/tests/%.o,random_conf \
	random_env forest_env equal_env)
$(foreach kind,fuzz replay,$(foreach name,diagram diff, \
	$(BUILD)/tests/fuzz/$(kind)_$(name))): $(shared.helpers)

define fuzz_rule
$(call program_rule,$(fuzz.source),$(BUILD)/tests/fuzz/fuzz_$(1),$(fuzz.box))
$(call program_rule,$(fuzz.source),$(BUILD)/tests/fuzz/replay_$(1),$(fuzz.box))
$(BUILD)/tests/fuzz/replay_$(1): $(BUILD)/obj/tools/replay.o
endef

$(foreach name,$(fuzz.names),$(eval $(call fuzz_rule,$(name))))

$(fuzz.targets): fuzz-%:
	@$(install.deps) test
	@+$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang \
	    SANITIZE=fuzzer-no-link,address,undefined \
	    $(BUILD)/fuzz/tests/fuzz/fuzz_$*
	@mkdir -p $(BUILD)/fuzz/corpus/$* $(BUILD)/fuzz/crashes
	$(BUILD)/fuzz/tests/fuzz/fuzz_$* -max_total_time=$(FUZZ_TIME) \
	    -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix=$(BUILD)/fuzz/crashes/$*- \
	    $(addprefix -dict=,$(wildcard $(dir $(call \
	    fuzz.source,$*))$*.dict)) \
	    $(BUILD)/fuzz/corpus/$* $(wildcard fixtures/fuzz/$*)

fuzz: $(fuzz.targets)

# What can be run, one name a line.
print-fuzz:
	@$(foreach name,$(fuzz.names),echo $(name);)

# Runs.

# Loaded before others by tests of a daemon without memory.
$(BUILD)/tests/shortage.so: tools/shortage.c $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -shared -fPIC -fno-builtin -O1 $(warnings) \
	    -D_GNU_SOURCE -o $@ $<

tests: $(test.programs) $(fuzz.replays) $(BUILD)/tests/shortage.so

run-tests: all tests
	@tools/run-tests --build $(BUILD) $(if $(SANITIZE),--logs \
	    $(BUILD)/logs) --criterion $(test.programs) \
	    --tap $(fuzz.replays) $(test.scripts)

check:
	@$(install.deps) test
	@+$(MAKE) --no-print-directory run-tests

check-asan:
	@$(install.deps) test
	@+$(MAKE) --no-print-directory run-tests BUILD=$(BUILD)/asan \
	    SANITIZE=address,undefined

# Messages while processes are killed; a short form is in check.
check-crash: all
	@BUILD=$(BUILD) BIN=$(BUILD)/bin runtime/queue/tests/crash.py \
	    $(CRASH_OPTIONS)

# Connections and messages, counted; a short form is in check.
check-load: all
	@BUILD=$(BUILD) BIN=$(BUILD)/bin runtime/smtp/tests/load.py \
	    $(LOAD_OPTIONS)

golden-update:
	@+GOLDEN_UPDATE=1 $(MAKE) --no-print-directory run-tests

lint:
	@$(install.deps) test
	@tools/lint

format:
	git ls-files -z -- '*.c' '*.h' | xargs -0 clang-format -i --style=file

demo:
	@$(install.deps) demo
	@+$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) BIN=$(BUILD)/bin fixtures/demo/run.sh

peers:
	@$(install.deps) peers
	@tools/peers $(BUILD)/peers

bench-parse: all
	@tools/bench-parse --build $(BUILD)

bench-smtp: all
	@tools/bench-smtp --build $(BUILD)

bench.names = decide blob
bench.program = $(BUILD)/tests/bench/bench_$(1)

$(foreach name,$(bench.names),$(eval $(call program_rule, \
	compiler/bench/bench_$(name).c,$(call bench.program,$(name)),compiler)))
$(call bench.program,decide): $(shared.helpers)
$(foreach name,$(bench.names),$(call bench.program,$(name))): \
	$(BUILD)/obj/compiler/bench/shapes.o

$(addprefix bench-,$(bench.names)): bench-%: $(BUILD)/tests/bench/bench_%
	$< $(RULES)

.PHONY: $(fuzz.targets) fuzz print-fuzz tests run-tests check check-asan \
	check-crash check-load golden-update lint format demo peers bench-parse \
	bench-smtp $(addprefix bench-,$(bench.names))
