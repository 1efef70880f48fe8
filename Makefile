# cnngen: everything is built into build/.
#   make            build/cnngen and build/libcnngen_rt.a
#   make demo       classify real handwritten digits (examples/digits)
#   make bench      speed beside ONNX Runtime, oneDNN, XNNPACK, ncnn (tests/bench); BENCH=short: in two minutes
#   make bench-model  the cost model beside measured times (tests/bench/cost_model.py); BENCH='100 5': random layers, seconds
#   make check      the tests; check-all: the long forms too
#   make install    and uninstall, deb: runtime/integration/install.mk
#   make bless      rewrite the golden files, to be read as a diff before they are committed
# Variables: MODE=release|debug|san  V=1 (show commands)  CC, CFLAGS, HOST_CC (when CC is for another machine)  BENCH, ORT, NCNN (tests/bench/README.md)

MODE   ?= release
B      := build$(if $(filter-out release,$(MODE)),/$(MODE))
Q      := $(if $(V),,@)
say     = $(if $(V),,@echo "  $(1)	$(2)")

# Warnings are errors with the compilers that this is tested with: newer ones know of more.
WERROR ?= $(if $(filter 12 12.% 14.0.%,$(shell $(CC) -dumpversion)),-Werror)
WARN   := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
          -Wformat=2 -Wundef $(WERROR)
OPT_release := -O2 -g
OPT_debug   := -O0 -g3
OPT_san     := -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS ?=
HOST_CC ?= $(CC)
YAML_CFLAGS := $(shell pkg-config --cflags yaml-0.1 2>/dev/null)
YAML_LIBS   := $(or $(shell pkg-config --libs yaml-0.1 2>/dev/null),-lyaml)
# Where importers are that don't lie beside cnngen.
prefix      ?= /usr/local
exec_prefix ?= $(prefix)
libexecdir  ?= $(exec_prefix)/libexec
ALL_CFLAGS  := -std=c11 -D_XOPEN_SOURCE=700 $(WARN) $(OPT_$(MODE)) -iquote generator -iquote generator/import -iquote $(B) $(YAML_CFLAGS) $(CFLAGS)

SRC       := $(wildcard generator/*.c generator/ops/*.c generator/kernels/*.c)
OBJ       := $(SRC:%.c=$(B)/%.o)
LIB_OBJ   := $(filter-out $(B)/generator/main.o,$(OBJ)) $(B)/templates.o
TEMPLATES := $(sort $(wildcard templates/*.in)) $(sort $(filter-out runtime/cnn_file.%,$(wildcard runtime/*.h runtime/*.c)))
UNIT      := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))

all: $(B)/cnngen $(B)/libcnngen_rt.a

$(B)/cnngen: $(B)/generator/main.o $(LIB_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(OPT_$(MODE)) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(YAML_LIBS) -lm

$(B)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(B)/templates.o: $(B)/templates.c
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

$(B)/templates.c: $(B)/host/embed $(TEMPLATES)
	$(call say,EMBED,$@)
	$(Q)$(B)/host/embed $(TEMPLATES) > $@.tmp && mv $@.tmp $@

$(B)/host/embed: generator/host/embed.c
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CC) -std=c11 $(WARN) -O1 -o $@ $<

$(B)/libcnngen_rt.a: $(B)/runtime/cnn_rt.o $(B)/runtime/cnn_file.o
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

$(B)/runtime/%.o: runtime/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=c99 $(WARN) $(OPT_$(MODE)) $(CFLAGS) -Iruntime -MMD -MP -c $< -o $@

# The importers: programs of their own, each built when its libraries are here.
IMPORT_OBJ := $(patsubst %,$(B)/generator/import/%.o,main writer safetensors_write)
include $(wildcard generator/import/*.mk)

$(B)/generator/import.o: $(B)/libexecdir
$(B)/generator/import.o: ALL_CFLAGS += -DCNNGEN_LIBEXECDIR='"$(libexecdir)/cnngen"'

# Changes when libexecdir does.
$(B)/libexecdir: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(libexecdir)' | cmp -s - $@ || echo '$(libexecdir)' >$@
FORCE:

# One CMocka program per file; those of the runtime need the runtime alone.
$(B)/unit/test_rt_%: tests/unit/test_rt_%.c $(B)/runtime/cnn_rt.o
	$(call say,UNIT,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -Wall -Wextra $(OPT_$(MODE)) $(CFLAGS) -Iruntime -fopenmp -MMD -MP -o $@ $< $(B)/runtime/cnn_rt.o -lcmocka -lm

$(B)/unit/test_import_%: tests/unit/test_import_%.c $(IMPORT_OBJ) $(LIB_OBJ)
	$(call say,UNIT,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -o $@ $< $(IMPORT_OBJ) $(LIB_OBJ) -lcmocka $(YAML_LIBS) -lm

$(B)/unit/test_%: tests/unit/test_%.c $(LIB_OBJ)
	$(call say,UNIT,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -o $@ $< $(LIB_OBJ) -lcmocka $(YAML_LIBS) -lm

# The stages are scripts in tests/, see tests/stages.sh; the longest first, so that both cores have work to
# the end. check-all repeats some at length.
CHECK := same_bits differential sanitize cases strict cli docs onnx stack assembly install arm portable exact \
         weights plot errors wasm unit keras examples winograd units memory embedding tflite tune riscv deps import \
         goldens

unit: $(UNIT)
	$(Q)BUILD=$(B) sh tests/unit.sh

check: all $(UNIT)
	$(Q)sh tests/stages.sh $(CHECK)

check-all: all $(UNIT)
	$(Q)CNNGEN_EXHAUSTIVE=1 DIFFERENTIAL_COUNT=2000 STRICT=all CASES=all STACK=all \
		sh tests/stages.sh $(CHECK) oracle torch runtime_contract fuzz windows

bless: all
	$(Q)sh tests/goldens.sh --bless
	$(Q)sh tests/errors.sh --bless

demo: all
	$(Q)$(MAKE) --no-print-directory -C examples/digits CNNGEN=$(abspath $(B)/cnngen) run

bench: all
	$(Q)CNNGEN=$(B)/cnngen CC="$(CC)" CXX="$(CXX)" ORT="$(ORT)" NCNN="$(NCNN)" /usr/bin/python3 tests/bench/run.py $(BENCH)

bench-model: all
	$(Q)CNNGEN=$(B)/cnngen CC="$(CC)" /usr/bin/python3 tests/bench/cost_model.py $(BENCH)

clean:
	rm -rf build

include runtime/integration/install.mk

-include $(shell find $(B) -type f -name '*.d' 2>/dev/null)

.PHONY: FORCE all unit check check-all bless demo bench bench-model clean
.DELETE_ON_ERROR:
