# The boxes, highest first, and what each may include and link. The build
# reads this for linking, tools/lint.d/layers for the check of includes.
# "runtime" stands for every box below runtime/.

daemon.boxes = $(addprefix runtime/,smtp queue mta mda lookup filter proc \
	control)
boxes = migrate compiler grammar $(daemon.boxes) runtime/expand \
	runtime/ruleset runtime/table runtime/base

compiler.uses = grammar runtime/ruleset runtime/table runtime/expand \
	runtime/base

uses.runtime/base =
uses.runtime/table = runtime/base
uses.runtime/ruleset = runtime/base
uses.runtime/expand = runtime/base runtime/table runtime/ruleset
uses.grammar = runtime/base runtime/ruleset
uses.compiler = $(compiler.uses)
uses.migrate = compiler $(compiler.uses) runtime/queue
$(foreach box,$(daemon.boxes),$(eval uses.$(box) = runtime))

# One line a box, "box: what it uses".
print-layers:
	@$(foreach box,$(boxes),echo '$(box): $(uses.$(box))';)
