# cnngen-import-tflite: reads FlatBuffers itself, and needs no library beyond the core's.

TFLITE_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard generator/import/tflite*.c) generator/import/flatbuffer.c)

all: $(B)/cnngen-import-tflite

$(B)/cnngen-import-tflite: $(TFLITE_OBJ) $(IMPORT_OBJ) $(LIB_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(OPT_$(MODE)) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(YAML_LIBS) -lm
