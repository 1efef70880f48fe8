# cnngen-import-onnx: libprotobuf-c, and the schema of libonnx-dev, which protoc-c makes C of.
#   ONNX_PROTO  onnx.proto, if it is elsewhere

ONNX_PROTO  ?= $(firstword $(wildcard /usr/include/onnx/onnx.proto /usr/local/include/onnx/onnx.proto))
PROTOC_C    ?= $(shell command -v protoc-c 2>/dev/null)
ONNX_CFLAGS := $(shell pkg-config --cflags libprotobuf-c 2>/dev/null) -I$(B)/import
ONNX_LIBS   := $(shell pkg-config --libs libprotobuf-c 2>/dev/null)
ONNX_SRC    := $(wildcard generator/import/onnx*.c)
ONNX_OBJ    := $(ONNX_SRC:%.c=$(B)/%.o) $(B)/import/onnx.pb-c.o

ifneq ($(and $(ONNX_PROTO),$(PROTOC_C),$(ONNX_LIBS)),)
all: $(B)/cnngen-import-onnx
else
$(info cnngen-import-onnx is left out: it needs libprotobuf-c-dev, protobuf-c-compiler and libonnx-dev)
endif

$(B)/cnngen-import-onnx: $(ONNX_OBJ) $(IMPORT_OBJ) $(LIB_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(OPT_$(MODE)) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ONNX_LIBS) $(YAML_LIBS) -lm

$(ONNX_SRC:%.c=$(B)/%.o): ALL_CFLAGS += $(ONNX_CFLAGS)
$(ONNX_SRC:%.c=$(B)/%.o): | $(B)/import/onnx.pb-c.h

# Generated code isn't held to this project's warnings.
$(B)/import/onnx.pb-c.o: $(B)/import/onnx.pb-c.c
	$(Q)$(CC) -std=c11 $(OPT_$(MODE)) $(CFLAGS) $(ONNX_CFLAGS) -c $< -o $@

$(B)/import/onnx.pb-c.h: $(B)/import/onnx.pb-c.c ;

$(B)/import/onnx.pb-c.c: $(ONNX_PROTO)
	$(call say,PROTOC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(PROTOC_C) --c_out=$(@D) --proto_path=$(dir $<) $<
