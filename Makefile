# Builds every box into a static archive, links the programs and runs the
# tests. Boxes and their layers stand in mk/layers.mk; a new .c file, main,
# test or fuzz harness is found by its place and name, nothing is listed.
#
#   make [WERROR=no] [BUILD=dir] [CC=clang] [CFLAGS=...] [V=1]
#   make check | check-asan | check-crash | check-load | lint | golden-update
#   make fuzz | fuzz-NAME
#   make install [PREFIX=/usr/local] [DESTDIR=] | demo | peers | bench-parse
#   PRESET=debian: users and paths of mk/paths.mk as Debian's package has them
#   make bench-smtp | bench-decide | bench-blob [RULES="10 1000"]

.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: FORCE

BUILD = build
DESTDIR =
WERROR = yes
DEPS = yes
# A list for -fsanitize=, set by check-asan and the fuzz targets.
SANITIZE =

ifneq (,$(filter default undefined,$(origin CC)))
CC = gcc
endif

all:

include mk/paths.mk
include mk/layers.mk
include mk/build.mk
include mk/test.mk
include mk/library.mk
include mk/install.mk

# Until the first build has dependency files, whatever may include a
# generated header waits for all of them.
$(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out runtime/%,$(sources) $(mains) \
	$(test.sources) $(fuzz.sources)) $(gen.c:$(BUILD)/%=%)): | $(gen.h)

all: $(programs) $(helpers) $(links) $(archives) library

clean:
	rm -rf '$(BUILD)/obj' '$(BUILD)/gen' '$(BUILD)/lib' '$(BUILD)/bin' \
	    '$(BUILD)/libexec' '$(BUILD)/tests' '$(BUILD)/asan' \
	    '$(BUILD)/fuzz' '$(BUILD)/clang'

# Peers and benchmark inputs too.
distclean:
	rm -rf '$(BUILD)'

.PHONY: all clean distclean print-layers
