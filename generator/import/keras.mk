# cnngen-import-keras: HDF5, minizip and jansson. cnngen-import-npz: minizip.

HDF5_CFLAGS  := $(shell pkg-config --cflags hdf5 2>/dev/null)
HDF5_LIBS    := $(shell pkg-config --libs hdf5 2>/dev/null)
ZIP_CFLAGS   := $(shell pkg-config --cflags minizip 2>/dev/null)
ZIP_LIBS     := $(shell pkg-config --libs minizip 2>/dev/null)
JSON_CFLAGS  := $(shell pkg-config --cflags jansson 2>/dev/null)
JSON_LIBS    := $(shell pkg-config --libs jansson 2>/dev/null)
KERAS_SRC    := $(wildcard generator/import/keras*.c generator/import/h5_*.c generator/import/json_*.c)
ZIP_OBJ      := $(B)/generator/import/zip_read.o
KERAS_OBJ    := $(KERAS_SRC:%.c=$(B)/%.o)

ifneq ($(and $(HDF5_LIBS),$(ZIP_LIBS),$(JSON_LIBS)),)
all: $(B)/cnngen-import-keras
else
$(info cnngen-import-keras is left out: it needs libhdf5-dev, libminizip-dev and libjansson-dev)
endif
ifneq ($(ZIP_LIBS),)
all: $(B)/cnngen-import-npz
else
$(info cnngen-import-npz is left out: it needs libminizip-dev)
endif

$(B)/cnngen-import-keras: $(KERAS_OBJ) $(ZIP_OBJ) $(IMPORT_OBJ) $(LIB_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(OPT_$(MODE)) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(HDF5_LIBS) $(ZIP_LIBS) $(JSON_LIBS) $(YAML_LIBS) -lm

$(B)/cnngen-import-npz: $(B)/generator/import/npz_main.o $(ZIP_OBJ) $(IMPORT_OBJ) $(LIB_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(OPT_$(MODE)) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ZIP_LIBS) $(YAML_LIBS) -lm

$(KERAS_OBJ): ALL_CFLAGS += $(HDF5_CFLAGS) $(JSON_CFLAGS)
$(ZIP_OBJ): ALL_CFLAGS += $(ZIP_CFLAGS)
