# Test programs and scripts, sanitizer and fuzz builds.

# Tests: <box>/tests/test_*.c, each linked with the box's other .c files in
# tests/; */tests/test_*.sh and test_*.py run as they are and print TAP.

test.dirs = $(wildcard */tests runtime/*/tests)
test.mains = $(wildcard $(addsuffix /test_*.c,$(test.dirs)))
test.sources = $(wildcard $(addsuffix /*.c,$(test.dirs)))
test.scripts = $(wildcard $(foreach dir,$(test.dirs),$(dir)/test_*.sh \
	$(dir)/test_*.py))
test.box = $(patsubst %/tests/,%,$(dir $(1)))
test.program = $(BUILD)/tests/$(call test.box,$(1))/$(basename $(notdir $(1)))
test.programs = $(foreach test,$(test.mains),$(call test.program,$(test)))
test.helpers = $(filter $(dir $(1))%,$(filter-out $(test.mains), \
	$(test.sources)))

$(test.programs): libs.extra = -lcriterion

$(foreach test,$(test.mains),$(eval $(call program_rule,$(test),$(call \
	test.program,$(test)),$(call test.box,$(test)))))
$(foreach test,$(test.mains),$(eval $(call test.program,$(test)): $(patsubst \
	%.c,$(BUILD)/obj/%.o,$(call test.helpers,$(test)))))

tests: $(test.programs)

.PHONY: tests
