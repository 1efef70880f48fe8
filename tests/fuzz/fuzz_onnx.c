/* Fuzzing the ONNX importer: a file, read, its shapes inferred, matched and lowered; nothing is
 * written.
 *
 * Bytes that change anywhere mostly make files that are no protobuf any more. So half of the
 * mutations are of the model: other operators, attributes, dimensions, inputs. */
#include <onnx.pb-c.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "onnx.h"
#include "out.h"
#include "pool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct diag *diag = diag_new(pool);
    struct writer *writer;
    struct out out;
    struct onnx *model = onnx_read(pool, "fuzz/model.onnx", data, size, diag);
    bool ok = model && onnx_set_shapes(model, NULL, 0) && onnx_infer(model) &&
              onnx_match(model) && onnx_lower(model, "model", &writer);
    if (ok == diag_failed(diag))
        bug("refused without a message, or accepted with one");
    out_init(&out);
    diag_print(diag, &out, COLOR_NEVER, false);
    out_free(&out);
    pool_free(pool);
    return 0;
}

/* ---- mutating the model ---------------------------------------------------------------------- */

static unsigned state;

static unsigned draw(size_t n)
{
    state = state * 1664525 + 1013904223;
    return (unsigned)((state >> 8) % n);
}

static int64_t number(void)
{
    static const int64_t odd[] = {0, 1, 2, 3, 4, 5, 7, 64, -1, -2, -3, 65536, INT32_MAX, INT64_MAX,
        INT64_MIN, (int64_t)1 << 40};
    return odd[draw(sizeof odd / sizeof odd[0])];
}

/* Names that are left out are one constant of protobuf-c, which isn't to be freed. */
static void set_text(char **to, const char *from)
{
    if (!from || *to == (char *)protobuf_c_empty_string)
        return;
    char *copy = malloc(strlen(from) + 1);
    if (!copy)
        abort();
    strcpy(copy, from);
    free(*to);
    *to = copy;
}

static void mutate_type(const Onnx__ModelProto *p, Onnx__NodeProto *n)
{
    if (p->n_functions && p->functions[0]->name && draw(4) == 0) {
        const Onnx__FunctionProto *f = p->functions[draw(p->n_functions)];
        set_text(&n->op_type, f->name);
        set_text(&n->domain, f->domain);
        return;
    }
    static const char *const types[] = {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "Gemm",
        "MatMul", "Add", "Mul", "Div", "Where", "Clip", "Reshape", "Transpose", "Flatten", "Concat",
        "Split", "Slice", "Gather", "Pad", "Expand", "Tile", "Squeeze", "Unsqueeze", "Resize",
        "Upsample", "ReduceMean", "ReduceSum", "ArgMax", "Softmax", "BatchNormalization",
        "LayerNormalization", "InstanceNormalization", "GroupNormalization", "LRN", "PRelu",
        "Shape", "ConstantOfShape", "Range", "Cast", "Identity", "Dropout", "Pow", "Mod",
        "DepthToSpace", "SpaceToDepth", "LpNormalization", "GlobalAveragePool", "Equal", "Not", "Max",
        "Mean", "If", "OptionalHasElement", "SplitToSequence", "SequenceAt", "SequenceConstruct",
        "ConcatFromSequence"};
    set_text(&n->op_type, types[draw(sizeof types / sizeof types[0])]);
}

static void mutate_attribute(Onnx__NodeProto *n)
{
    if (!n->n_attribute)
        return;
    Onnx__AttributeProto *a = n->attribute[draw(n->n_attribute)];
    if (a->n_ints)
        a->ints[draw(a->n_ints)] = number();
    else
        a->i = number();
    a->f = (float)number();
}

/* Nodes of the graph, of a function, or of a branch. */
struct nodes { size_t n; Onnx__NodeProto **at; };

/* Reads what another node reads or makes. */
static void mutate_input(const struct nodes *all, const Onnx__GraphProto *g, Onnx__NodeProto *n)
{
    const Onnx__NodeProto *from = all->at[draw(all->n)];
    if (!n->n_input)
        return;
    char **to = &n->input[draw(n->n_input)];
    if (draw(4) == 0)
        set_text(to, "");
    else if (draw(2) && from->n_output)
        set_text(to, from->output[draw(from->n_output)]);
    else if (g->n_initializer && g->initializer[0]->name && draw(2))
        set_text(to, g->initializer[draw(g->n_initializer)]->name);
    else if (g->n_input && g->input[0]->name)
        set_text(to, g->input[draw(g->n_input)]->name);
}

static void mutate_tensor(Onnx__TensorProto *t)
{
    if (t->n_dims && draw(2))
        t->dims[draw(t->n_dims)] = number();
    else if (t->n_int64_data)
        t->int64_data[draw(t->n_int64_data)] = number();
    else if (t->has_raw_data && t->raw_data.len >= 8)
        memcpy(t->raw_data.data + draw(t->raw_data.len - 7), &(int64_t){number()}, 8);
    else
        t->data_type = (int32_t)draw(20);
}

static void mutate_shape(Onnx__ValueInfoProto *v)
{
    const Onnx__TypeProto *t = v->type;
    bool shaped = t && t->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE &&
                  t->tensor_type->shape && t->tensor_type->shape->n_dim;
    if (!shaped)
        return;
    Onnx__TensorShapeProto *s = t->tensor_type->shape;
    Onnx__TensorShapeProto__Dimension *d = s->dim[draw(s->n_dim)];
    if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
        d->dim_value = number();
}

/* The graph's nodes, or those of a function, or of a branch of the first If among either. */
static struct nodes nodes_of(Onnx__ModelProto *p)
{
    struct nodes all = {p->graph->n_node, p->graph->node};
    if (p->n_functions && draw(2)) {
        Onnx__FunctionProto *f = p->functions[draw(p->n_functions)];
        all = f->n_node ? (struct nodes){f->n_node, f->node} : all;
    }
    for (size_t i = 0; i < all.n; i++) {
        Onnx__NodeProto *n = all.at[i];
        const Onnx__GraphProto *g = n->n_attribute ? n->attribute[draw(n->n_attribute)]->g : NULL;
        if (g && g->n_node && draw(2))
            return (struct nodes){g->n_node, g->node};
    }
    return all;
}

static void mutate_model(Onnx__ModelProto *p)
{
    Onnx__GraphProto *g = p->graph;
    struct nodes all = nodes_of(p);
    Onnx__NodeProto *n = all.at[draw(all.n)];
    switch (draw(6)) {
    case 0:
        mutate_type(p, n);
        break;
    case 1:
        mutate_input(&all, g, n);
        break;
    case 2:
        if (g->n_initializer)
            mutate_tensor(g->initializer[draw(g->n_initializer)]);
        break;
    case 3:
        if (g->n_input)
            mutate_shape(g->input[draw(g->n_input)]);
        break;
    default:
        mutate_attribute(n);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    state = seed;
    Onnx__ModelProto *p = draw(2) ? onnx__model_proto__unpack(NULL, size, data) : NULL;
    if (!p || !p->graph || !p->graph->n_node) {
        if (p)
            onnx__model_proto__free_unpacked(p, NULL);
        return LLVMFuzzerMutate(data, size, max_size);
    }
    for (unsigned i = draw(3) + 1; i > 0; i--)
        mutate_model(p);
    size_t packed = onnx__model_proto__get_packed_size(p);
    if (packed <= max_size)
        size = onnx__model_proto__pack(p, data);
    onnx__model_proto__free_unpacked(p, NULL);
    return size;
}
