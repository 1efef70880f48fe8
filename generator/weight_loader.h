/* weight_loader.h: what the parts of weights_load share: its state and one weight on its way.
 *
 * weights.c walks over the weights of all layers. For each, weight_layer.c takes what the layer
 * itself says; without that it is drawn at random, or the file's tensor of its name is loaded.
 * weight_source.c finds and opens the file, weight_names.c tells a tensor's order by its name,
 * weight_tensor.c turns a tensor into a weight, weight_room.c has the memory, and weight_report.c
 * says at the end what is missing. For these files only. */
#ifndef CNNGEN_WEIGHT_LOADER_H
#define CNNGEN_WEIGHT_LOADER_H

#include "graph.h"
#include "safetensors.h"
#include "torch.h"
#include "weight_file.h"

/* In which order a tensor's dimensions stand. */
enum weight_order { ORDER_UNSAID, ORDER_KERAS, ORDER_TORCH };

/* Where weights come from that no layer says anything of. BROKEN: an error was reported. */
enum weight_origin { FROM_NOTHING, FROM_RANDOM, FROM_FILE, FROM_BROKEN };

/* One weight that a layer wants. */
struct wanted {
    struct node *node;
    struct weight *w;
    struct torch_layout torch;
    struct span at;                  /* what errors underline */
    enum weight_order of_node;       /* in which order the layer's weights before it were */
    bool named;                      /* by the layer, not by default */
};

/* A layer where PyTorch's order of features can't be known. */
struct unclear { const struct node *node; const char *why, *help; };

struct weight_loader {
    struct graph *g;
    struct pool *pool;
    struct diag *diag;
    enum weight_origin origin;
    enum weight_order layout;        /* as the top level says */
    uint64_t seed;
    const char *path;                /* the file as the spec names it; NULL: none */
    struct span at;                  /* of the top level's weights */
    struct weight_file file;
    struct safetensors st;
    bool *used;                      /* by tensor of st */
    struct torch_orders orders;
    VEC(struct unclear) unclear;
    bool has_torch;                  /* something was loaded in PyTorch's order */
    bool listed;                     /* the tensors without a layer have been listed */
    VEC(struct wanted) missing;      /* looked for in the file, and not there */
    VEC(const struct node *) bare;   /* layers for which there is no source at all */
    int64_t bytes;                   /* loaded so far */
};

/* ---- weight_source.c: the top level's "weights", and the file it names */

bool weight_source_read(struct weight_loader *);  /* sets origin, layout, seed, path */
void weight_source_open(struct weight_loader *, const char *override_file);  /* NULL: path */

struct span weight_file_span(const struct weight_loader *);

/* Reports "KEY takes NEEDED, not a list"; returns false. */
bool weight_wrong_type(struct weight_loader *, const struct value *, const char *key,
        const char *needed);

/* ---- weight_layer.c: a layer's own "weights" */

/* The layer's map, its keys checked; NULL when there is none. */
const struct value *weight_layer_map(struct weight_loader *, const struct node *);

/* The weight's entry in the layer's map, by Keras' or PyTorch's name; NULL: none. */
const struct entry *weight_layer_entry(struct weight_loader *, const struct node *,
        const struct weight *, const struct value *map);

/* Loads what the entry holds: numbers, or a tensor's name. */
void weight_load_entry(struct weight_loader *, struct wanted *, const struct entry *);

/* ---- weight_names.c: the names of tensors, and the order of dimensions that they tell */

/* Another name of Keras' for the weight, in older or newer versions; NULL: none. */
const char *weight_other_name(const struct node *, const struct weight *);

bool weight_names_differ(const struct weight *);  /* Keras' and PyTorch's */

/* Whether a tensor's name ends in a whole part "suffix": "conv.bias", "conv/bias:0". */
bool weight_name_ends(const char *name, const char *suffix);

/* The order of a named tensor to *torch. False after an error: it matters and nothing tells it. */
bool weight_choose_order(struct weight_loader *, struct wanted *, const char *name, bool *torch);

/* The file's tensor "LAYER.WEIGHT"; NULL: none. */
const struct st_tensor *weight_find_keras(struct weight_loader *, const struct wanted *);
const struct st_tensor *weight_find_torch(struct weight_loader *, const struct wanted *);

/* ---- weight_tensor.c: a tensor of the file as a weight */

/* torch: its dimensions stand in PyTorch's order. Without data after an error. */
void weight_load_tensor(struct weight_loader *, struct wanted *, const struct st_tensor *,
        bool torch);

/* ---- weight_room.c: memory for the elements of weights */

/* Room for the weight in Keras' order; NULL after an error: there is too much of it all. */
float *weight_allocate(struct weight_loader *, const struct wanted *);

/* Room for the weight's elements as they are written: elsewhere if PyTorch's order is another. */
struct weight_room {
    struct pool *scratch;
    float *from;                     /* to be filled; NULL after an error */
    float *to;                       /* in Keras' order: from itself if that is the same */
};

struct weight_room weight_room_open(struct weight_loader *, const struct wanted *, bool torch);

/* Once for each that was opened. filled: all elements are there, and become the weight's data. */
void weight_room_close(struct weight_room *, struct wanted *, bool filled);

/* ---- weight_report.c: what is missing, what is left over */

void weight_report_missing(struct weight_loader *);
void weight_report_bare(struct weight_loader *);
void weight_report_unclear(struct weight_loader *);
void weight_warn_unused(struct weight_loader *);

#endif
