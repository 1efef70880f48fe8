#include "schema.h"

#include <math.h>
#include <string.h>

#include "attr.h"
#include "ops.h"

/* ---- JSON ------------------------------------------------------------------------------------ */

/* Fixed text, in which ' stands for ". */
static void put(struct out *out, const char *text)
{
    for (; *text; text++)
        out_write(out, *text == '\'' ? "\"" : text, 1);
}

static void open_block(struct out *out, const char *text)
{
    put(out, text);
    out->indent += 2;
}

static void close_block(struct out *out, const char *text)
{
    out->indent -= 2;
    put(out, text);
}

/* "text" with its quotes. */
static const char *json(struct pool *pool, const char *text)
{
    char *to = pool_alloc(pool, 2 * strlen(text) + 3), *at = to;
    *at++ = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            *at++ = '\\';
        *at++ = *text;
    }
    *at = '"';
    return to;
}

static const char *json_words(struct pool *pool, const char *const *words)
{
    const char *text = "";
    for (; *words; words++)
        text = pool_printf(pool, "%s%s%s", text, *text ? ", " : "", json(pool, *words));
    return text;
}

static const char *json_scalar(struct pool *pool, const struct value *v)
{
    double x;
    bool truth;
    if (value_is_null(v))
        return "null";
    if (value_float(v, &x))
        return pool_printf(pool, "%.15g", x);
    return value_bool(v, &truth) ? (truth ? "true" : "false") : json(pool, v->text);
}

/* A default of a table: a scalar or a list of scalars. */
static const char *json_value(struct pool *pool, const struct value *v)
{
    const char *text = "";
    if (v->kind == VALUE_SCALAR)
        return json_scalar(pool, v);
    for (int i = 0; i < v->item.n; i++)
        text = pool_printf(pool, "%s%s%s", text, i ? ", " : "", json_scalar(pool, v->item.at[i]));
    return pool_printf(pool, "[%s]", text);
}

/* ---- attributes ------------------------------------------------------------------------------ */

/* {"type": "integer", "minimum": 1, "maximum": 8} */
static const char *number(struct pool *pool, const struct attr_def *a, const char *type)
{
    double min, max;
    attr_range(a, &min, &max);
    const char *text = pool_printf(pool, "{\"type\": \"%s\"", type);
    if (min > -HUGE_VAL)
        text = pool_printf(pool, "%s, \"minimum\": %.15g", text, min);
    if (a->type == ATTR_SHAPE && min < 1)
        text = pool_printf(pool, "%s, \"not\": {\"const\": 0}", text);
    if (max < HUGE_VAL)
        text = pool_printf(pool, "%s, \"maximum\": %.15g", text, max);
    return pool_printf(pool, "%s}", text);
}

static const char *list_of(struct pool *pool, const char *items, int min, int max)
{
    return pool_printf(pool,
            "{\"type\": \"array\", \"items\": %s, \"minItems\": %d, \"maxItems\": %d}", items, min,
            max);
}

static const char *integers(struct pool *p, const struct attr_def *a)
{
    return number(p, a, "integer");
}

static const char *reals(struct pool *p, const struct attr_def *a)
{
    return number(p, a, "number");
}

static const char *boolean(struct pool *p, const struct attr_def *a)
{
    (void)p, (void)a;
    return "{\"type\": \"boolean\"}";
}

static const char *word(struct pool *p, const struct attr_def *a)
{
    return pool_printf(p, "{\"enum\": [%s]}", json_words(p, a->words));
}

static const char *pair(struct pool *p, const struct attr_def *a)
{
    const char *n = integers(p, a);
    return pool_printf(p, "%s, %s", n, list_of(p, n, 2, 2));
}

static const char *border(struct pool *p, const struct attr_def *a)
{
    return pool_printf(p, "%s, %s", pair(p, a), list_of(p, list_of(p, integers(p, a), 2, 2), 2, 2));
}

static const char *padding(struct pool *p, const struct attr_def *a)
{
    return pool_printf(p, "{\"enum\": [\"valid\", \"same\"]}, %s", border(p, a));
}

static const char *sizes(struct pool *p, const struct attr_def *a)
{
    return list_of(p, integers(p, a), 1, LIMIT_RANK);
}

static const char *floats(struct pool *p, const struct attr_def *a)
{
    const char *n = reals(p, a);
    return pool_printf(p, "%s, {\"type\": \"array\", \"items\": %s, \"minItems\": 1}", n, n);
}

static const char *ints(struct pool *p, const struct attr_def *a)
{
    const char *n = integers(p, a);
    return pool_printf(p, "%s, {\"type\": \"array\", \"items\": %s, \"minItems\": 1}", n, n);
}

static const char *indices(struct pool *p, const struct attr_def *a)
{
    const char *n = integers(p, a);
    return pool_printf(p, "%s, %s", n, list_of(p, n, 1, LIMIT_RANK));
}

static const char *pads(struct pool *p, const struct attr_def *a)
{
    return list_of(p, list_of(p, integers(p, a), 2, 2), 1, LIMIT_RANK);
}

static const char *activation(struct pool *p, const struct attr_def *a)
{
    (void)p, (void)a;
    return "{\"$ref\": \"#/definitions/activation\"}, {\"type\": \"null\"}";
}

/* The forms a value may take, separated by commas. */
static const char *(*const forms[])(struct pool *, const struct attr_def *) = {
    [ATTR_INT] = integers,
    [ATTR_FLOAT] = reals,
    [ATTR_BOOL] = boolean,
    [ATTR_WORD] = word,
    [ATTR_PAIR] = pair,
    [ATTR_PADDING] = padding,
    [ATTR_BORDER] = border,
    [ATTR_SHAPE] = sizes,
    [ATTR_FLOATS] = floats,
    [ATTR_INDICES] = indices,
    [ATTR_INTS] = ints,
    [ATTR_PADS] = pads,
    [ATTR_ACTIVATION] = activation,
};

static const char *default_text(struct pool *pool, const struct attr_def *a)
{
    struct source src = source_of("default", a->fallback, strlen(a->fallback));
    const struct value *v = value_parse(pool, &src, 1000, diag_new(pool));
    if (!v)
        bug("the default of '%s' is not YAML", a->key);
    return json_value(pool, v);
}

/* "filters": {"description": "...", "default": ..., "anyOf": [...]} */
static void print_attr(struct pool *pool, const struct attr_def *a, struct out *out)
{
    bool optional = a->fallback && !*a->fallback;
    out_printf(out, ",\n%s: {\"description\": %s, ", json(pool, a->key), json(pool, a->doc));
    if (a->fallback && *a->fallback)
        out_printf(out, "\"default\": %s, ", default_text(pool, a));
    const char *form = forms[a->type](pool, a);
    bool has_one = a->type == ATTR_INT || a->type == ATTR_FLOAT || a->type == ATTR_BOOL ||
                   a->type == ATTR_WORD || a->type == ATTR_SHAPE || a->type == ATTR_PADS;
    if (has_one && !optional)
        out_printf(out, "%s", form + 1);  /* without its brace */
    else
        out_printf(out, "\"anyOf\": [%s%s]}", form, optional ? ", {\"type\": \"null\"}" : "");
}

/* ---- layers ---------------------------------------------------------------------------------- */

static const char *type_names(struct pool *pool, const struct op_def *op)
{
    return op->alias ? pool_printf(pool, "\"%s\", \"%s\"", op->type, op->alias)
                     : pool_printf(pool, "\"%s\"", op->type);
}

/* The layer types, comma-separated. */
static const char *all_types(struct pool *pool)
{
    const char *text = "";
    for (int i = 0; i < OP_COUNT; i++)
        if (op_defs[i]->type)
            text = pool_printf(pool, "%s%s%s", text, *text ? ", " : "",
                    type_names(pool, op_defs[i]));
    return text;
}

/* "^(momentum|trainable)$|.(_initializer|_regularizer)$" */
static const char *training_pattern(struct pool *pool)
{
    const char *words = "", *ends = "";
    for (int i = 0; attr_training_keys[i]; i++)
        words = pool_printf(pool, "%s%s%s", words, i ? "|" : "", attr_training_keys[i]);
    for (int i = 0; attr_training_ends[i]; i++)
        ends = pool_printf(pool, "%s%s%s", ends, i ? "|" : "", attr_training_ends[i]);
    return pool_printf(pool, "^(%s)$|.(%s)$", words, ends);
}

static void print_common_keys(struct pool *pool, const struct op_def *op, struct out *out)
{
    out_printf(out, "\"type\": {\"enum\": [%s]}", type_names(pool, op));
    put(out, ",\n'name': {'$ref': '#/definitions/name'}");
    if (op->max_in > 0)
        put(out, ",\n'inputs': {'$ref': '#/definitions/names'}"
                 ",\n'input_shape': {'$ref': '#/definitions/input_shape'}");
    if (!attr_find(op, "dtype"))
        put(out, ",\n'dtype': {'enum': ['float32', null]}");
    put(out, ",\n'data_format': {'enum': ['channels_last', null]}"
             ",\n'weights': {'$ref': '#/definitions/layer_weights'}"
             ",\n'<<': {}");
}

/* Every key of a layer of this type. None is required: its defaults are checked by this, too. */
static void print_type(struct pool *pool, const struct op_def *op, struct out *out)
{
    out_printf(out, ",\n\"%s\": ", op->type);
    open_block(out, "{\n");
    out_printf(out, "\"description\": %s", json(pool, op->doc));
    open_block(out, ",\n'type': 'object'"
                    ",\n'properties': {\n");
    print_common_keys(pool, op, out);
    for (const struct attr_def *a = op->attrs; a && a->key; a++)
        print_attr(pool, a, out);
    close_block(out, "\n}");
    out_printf(out, ",\n\"patternProperties\": {%s: {}}", json(pool, training_pattern(pool)));
    put(out, ",\n'additionalProperties': false\n");
    close_block(out, "}");
}

static void print_layer_of_type(struct pool *pool, const struct op_def *op, struct out *out)
{
    out_printf(out,
            "{\"if\": {\"properties\": {\"type\": {\"enum\": [%s]}}, \"required\": [\"type\"]},\n",
            type_names(pool, op));
    out_printf(out, " \"then\": {\"$ref\": \"#/definitions/%s\"}}", op->type);
}

/* A bare name, or a mapping whose keys depend on its type. */
static void print_layer(struct pool *pool, struct out *out)
{
    const char *comma = "";
    open_block(out, ",\n'layer': {\n");
    out_printf(out, "\"if\": {\"type\": \"string\"},\n\"then\": {\"enum\": [%s]},\n",
            all_types(pool));
    open_block(out, "'else': {\n");
    put(out, "'type': 'object',\n'required': ['type'],\n");
    out_printf(out, "\"properties\": {\"type\": {\"enum\": [%s]}},\n", all_types(pool));
    open_block(out, "'allOf': [\n");
    for (int i = 0; i < OP_COUNT; i++) {
        if (!op_defs[i]->type)
            continue;
        put(out, comma);
        print_layer_of_type(pool, op_defs[i], out);
        comma = ",\n";
    }
    close_block(out, "\n]\n");
    close_block(out, "}\n");
    close_block(out, "}");
}

/* ---- activations ----------------------------------------------------------------------------- */

/* The arguments of an activation as properties; "" when it takes none. */
static const char *act_args(struct pool *pool, enum act kind)
{
    const struct act_def *d = &act_defs[kind == ACT_RELU ? ACT_RELU_FULL : kind];
    const char *text = "";
    for (int i = 0; i < d->args; i++)
        text = pool_printf(pool, "%s, \"%s\": {\"type\": [\"number\", \"null\"]}", text,
                d->arg_name[i]);
    return kind == ACT_GELU ? ", \"approximate\": {\"type\": \"boolean\"}" : text;
}

static void print_activation_map(const char *names, const char *args, struct out *out)
{
    put(out, ",\n{'type': 'object', 'required': ['name'], 'additionalProperties': false,\n");
    out_printf(out, " \"properties\": {\"name\": {\"enum\": [%s]}%s}}", names, args);
}

/* A name, or a mapping of a name and its arguments. */
static void print_activation(struct pool *pool, struct out *out)
{
    static const char *const aliases[] = {"swish", "hard_swish"};
    const char *names = "";
    enum act kind;
    for (int i = 0; i < ACT_COUNT + 2; i++) {
        const char *name = i < ACT_COUNT ? act_defs[i].name : aliases[i - ACT_COUNT];
        if (act_find(name, &kind))  /* else it is internal */
            names = pool_printf(pool, "%s%s\"%s\"", names, *names ? ", " : "", name);
    }
    open_block(out, ",\n'activation': {'anyOf': [\n");
    out_printf(out, "{\"enum\": [%s]}", names);
    print_activation_map(names, "", out);
    for (int i = 0; i < ACT_COUNT; i++)
        if (act_find(act_defs[i].name, &kind) && *act_args(pool, kind))
            print_activation_map(pool_printf(pool, "\"%s\"", act_defs[i].name),
                    act_args(pool, kind), out);
    close_block(out, "\n]}");
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Top-level keys but layers and defaults. */
static void print_top_keys(struct out *out)
{
    put(out, "'cnngen': {'description': 'version of this format', 'const': 1},\n");
    put(out,
            "'name': {'description': 'prefix of names in the emitted C; default: the file',\n"
            "  'type': 'string', 'pattern': '^[A-Za-z_][A-Za-z0-9_]*$', ");
    out_printf(out, "\"maxLength\": %d},\n", LIMIT_NAME_CHARS);
    put(out, "'batch': {'description': 'images per run', 'default': 1,\n");
    out_printf(out, "  \"type\": \"integer\", \"minimum\": 1, \"maximum\": %d},\n", LIMIT_BATCH);
    put(out, "'dtype': {'description': 'what is computed in', 'const': 'float32'},\n"
             "'weights': {\n"
             "  'description': 'a safetensors file, or a folder of .npy files, in the folder of the spec, "
             "or random',\n"
             "  'anyOf': [\n"
             "    {'type': 'string'},\n"
             "    {'type': 'object', 'additionalProperties': false, 'properties': {\n"
             "      'file': {'type': 'string'},\n"
             "      'layout': {'enum': ['keras', 'torch']},\n"
             "      'random': {'description': 'the seed', 'type': 'integer', 'minimum': 0}}}]},\n"
             "'templates': {'description': 'a home for YAML anchors: not read'},\n"
             "'labels': {'description': 'names of the classes, one for each channel of the only output, "
             "or those of several, by name',\n"
             "  'anyOf': [{'$ref': '#/definitions/labels'}, {'type': 'object', 'minProperties': 1, "
             "'additionalProperties': {'$ref': '#/definitions/labels'}}]},\n"
             "'outputs': {'allOf': [{'$ref': '#/definitions/names'}],\n"
             "  'description': 'layers whose values are the results; default: the last layer'},\n");
}

static void print_defaults(struct out *out)
{
    const char *comma = "";
    put(out,
            "'defaults': {'type': 'object', 'additionalProperties': false,\n"
            "  'description': 'by type: keys of every layer of it that does not say otherwise',\n");
    open_block(out, "  'properties': {\n");
    for (int i = 0; i < OP_COUNT; i++) {
        const char *const names[] = {op_defs[i]->type, op_defs[i]->type ? op_defs[i]->alias : NULL};
        for (int k = 0; k < 2; k++) {
            if (!names[k])
                continue;
            out_printf(out, "%s\"%s\": {\"allOf\": [{\"$ref\": \"#/definitions/%s\"}, "
                            "{\"$ref\": \"#/definitions/default\"}]}", comma, names[k], names[0]);
            comma = ",\n";
        }
    }
    close_block(out, "\n}}");
}

static void print_small_definitions(struct pool *pool, struct out *out)
{
    put(out, "'name': {'description': 'how other layers, weights and messages call the layer',\n"
             "  'type': 'string', 'pattern': '^[A-Za-z0-9_][A-Za-z0-9_./-]*$', ");
    out_printf(out, "\"maxLength\": %d},\n", LIMIT_NAME_CHARS);
    put(out,
            "'labels': {'description': 'a list, or the path of a text file of a label a line',\n"
            "  'anyOf': [{'type': 'string'},\n"
            "    {'type': 'array', 'minItems': 1, 'items': {'type': ['string', 'number', 'boolean']}}]},\n"
            "'names': {'description': 'layers, by name; default: the layer before',\n"
            "  'anyOf': [{'type': 'string'}, {'type': 'array', 'items': {'type': 'string'},\n"
            "  'minItems': 1, ");
    out_printf(out, "\"maxItems\": %d}, {\"type\": \"null\"}]},\n", LIMIT_LAYERS);
    out_printf(out,
            "\"input_shape\": {\"description\": %s,\n  \"anyOf\": [%s, {\"type\": \"null\"}]},\n",
            json(pool, attr_input_shape.doc), sizes(pool, &attr_input_shape));
    put(out,
            "'layer_weights': {'description': 'for each: the name of a tensor, numbers, or one',\n"
            "  'type': 'object',\n"
            "  'additionalProperties': {'type': ['string', 'number', 'array']}},\n");
    out_printf(out, "\"default\": {\"propertyNames\": {\"not\": {\"enum\": [%s]}}}",
            json_words(pool, attr_common_keys));
}

/* A key without a default comes from the spec's defaults, or each layer of the type needs it, and
 * is no bare name. */
static void print_required(struct pool *pool, const struct op_def *op, const char *key,
        struct out *out)
{
    for (int k = 0; k < (op->alias ? 2 : 1); k++)
        out_printf(out,
                "%s{\"required\": [\"defaults\"], \"properties\": {\"defaults\": "
                "{\"required\": [\"%s\"], \"properties\": {\"%s\": {\"required\": [\"%s\"]}}}}}",
                k ? ", " : "{\"if\": {\"anyOf\": [", k ? op->alias : op->type,
                k ? op->alias : op->type, key);
    out_printf(out,
            "]},\n \"else\": {\"properties\": {\"layers\": {\"items\": {\"not\": {\"enum\": "
            "[%s]},\n"
            "   \"if\": {\"type\": \"object\", \"required\": [\"type\"],\n"
            "     \"properties\": {\"type\": {\"enum\": [%s]}}},\n"
            "   \"then\": {\"required\": [\"%s\"]}}}}}}",
            type_names(pool, op), type_names(pool, op), key);
}

static void print_all_required(struct pool *pool, struct out *out)
{
    const char *comma = "";
    open_block(out, ",\n'allOf': [\n");
    for (int i = 0; i < OP_COUNT; i++)
        for (const struct attr_def *a = op_defs[i]->type ? op_defs[i]->attrs : NULL; a && a->key;
                a++)
            if (!a->fallback) {
                put(out, comma);
                print_required(pool, op_defs[i], a->key, out);
                comma = ",\n";
            }
    close_block(out, "\n]");
}

void schema_print(struct out *out)
{
    struct pool *pool = pool_new();
    open_block(out, "{\n");
    put(out, "'$schema': 'http://json-schema.org/draft-07/schema#',\n"
             "'title': 'cnngen model, version 1',\n"
             "'type': 'object',\n"
             "'required': ['cnngen', 'layers'],\n"
             "'additionalProperties': false,\n");
    open_block(out, "'properties': {\n");
    print_top_keys(out);
    print_defaults(out);
    put(out,
            ",\n'layers': {'description': 'in the order in which they run',\n"
            "  'type': 'array', 'minItems': 1, ");
    out_printf(out, "\"maxItems\": %d,\n  \"items\": {\"$ref\": \"#/definitions/layer\"}}",
            LIMIT_LAYERS);
    close_block(out, "\n}");
    print_all_required(pool, out);
    open_block(out, ",\n'definitions': {\n");
    print_small_definitions(pool, out);
    print_activation(pool, out);
    print_layer(pool, out);
    for (int i = 0; i < OP_COUNT; i++)
        if (op_defs[i]->type)
            print_type(pool, op_defs[i], out);
    close_block(out, "\n}\n");
    close_block(out, "}\n");
    pool_free(pool);
}
