/* The JSON Schema is JSON, and accepts of layers' keys what the parser accepts: each attribute of
 * each operator with every kind of value, read by both. */
#include "build_text.h"

#include <math.h>
#include <regex.h>
#include <stdio.h>

#include "attr.h"
#include "ops.h"
#include "schema.h"

static const struct value *schema;
static struct pool *schema_pool;

static struct value *parse(struct pool *p, const char *text)
{
    struct source *src = NEW(p, struct source);
    *src = source_of("t", text, strlen(text));
    struct value *v = value_parse(p, src, 10000000, diag_new(p));
    if (!v)
        fail_msg("not YAML: %s", text);
    return v;
}

static const char *schema_text(void)
{
    struct out out;
    out_init(&out);
    schema_print(&out);
    const char *text = pool_copy(schema_pool, out.text, out.len);
    out_free(&out);
    return text;
}

static int read_schema(void **state)
{
    (void)state;
    schema_pool = pool_new();
    schema = parse(schema_pool, schema_text());
    return 0;
}

static int drop_schema(void **state)
{
    (void)state;
    pool_free(schema_pool);
    return 0;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static const char *past_blanks(const char *s) { return s + strspn(s, " \n"); }

static const char *json_string(const char *s)
{
    assert_int_equal(*s, '"');
    for (s++; *s != '"'; s++) {
        assert_true((unsigned char)*s >= 0x20);
        if (*s == '\\') {
            s++;
            assert_true(*s == '"' || *s == '\\');
        }
    }
    return s + 1;
}

static const char *json_scalar(const char *s)
{
    size_t n = strspn(s, "0123456789+-.eEtruefalsn");
    assert_true(n > 0);
    return s + n;
}

/* Past one value: brackets in pairs, commas between items and nowhere else. */
static const char *json(const char *s)
{
    s = past_blanks(s);
    if (*s != '{' && *s != '[')
        return *s == '"' ? json_string(s) : json_scalar(s);
    char end = *s == '{' ? '}' : ']';
    s = past_blanks(s + 1);
    if (*s == end)
        return s + 1;
    for (;;) {
        if (end == '}') {
            s = past_blanks(json_string(past_blanks(s)));
            assert_int_equal(*s, ':');
            s++;
        }
        s = past_blanks(json(s));
        if (*s == end)
            return s + 1;
        assert_int_equal(*s, ',');
        s = past_blanks(s + 1);
    }
}

static void is_json(void **state)
{
    (void)state;
    assert_int_equal(*past_blanks(json(schema_text())), 0);
}

/* ---- a validator ----------------------------------------------------------------------------- */

static bool valid(const struct value *s, const struct value *v);

static const struct value *get(const struct value *map, const char *key)
{
    const struct entry *e = value_find(map, key);
    return e ? e->val : NULL;
}

static bool is_number(const struct value *v)
{
    double x;
    return v->kind == VALUE_SCALAR && value_float(v, &x);
}

static bool is_of_type(const char *type, const struct value *v)
{
    const char *kind = value_kind_name(v);
    if (!strcmp(type, "number"))
        return is_number(v);
    static const char *const names[][2] = {
        {"object", "a mapping"}, {"array", "a list"}, {"string", "a string"},
        {"boolean", "a boolean"}, {"integer", "an integer"},
    };
    for (int i = 0; i < COUNT(names); i++)
        if (!strcmp(type, names[i][0]))
            return !strcmp(kind, names[i][1]);
    assert_string_equal(type, "null");
    return value_is_null(v);
}

static double number_of(const struct value *v)
{
    double x = 0;
    assert_true(value_float(v, &x));
    return x;
}

static bool same(const struct value *a, const struct value *b)
{
    if (a->kind != VALUE_SCALAR || b->kind != VALUE_SCALAR)
        return false;
    if (is_number(a) || is_number(b))
        return is_number(a) && is_number(b) && !(number_of(a) < number_of(b)) &&
               !(number_of(a) > number_of(b));
    return !strcmp(value_kind_name(a), value_kind_name(b)) &&
           (value_is_null(a) || !strcmp(a->text, b->text));
}

static bool one_of(const struct value *list, const struct value *v)
{
    for (int i = 0; i < list->item.n; i++)
        if (same(list->item.at[i], v))
            return true;
    return false;
}

static bool matches(const char *pattern, const char *text)
{
    regex_t r;
    assert_int_equal(regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool ok = regexec(&r, text, 0, NULL, 0) == 0;
    regfree(&r);
    return ok;
}

static const struct value *resolve(const struct value *ref)
{
    static const char base[] = "#/definitions/";
    assert_int_equal(strncmp(ref->text, base, sizeof base - 1), 0);
    const struct value *s = get(get(schema, "definitions"), ref->text + sizeof base - 1);
    if (!s)
        fail_msg("%s leads nowhere", ref->text);
    return s;
}

static bool any_pattern(const struct value *patterns, const char *key)
{
    for (int i = 0; patterns && i < patterns->entry.n; i++)
        if (matches(patterns->entry.at[i].key, key))
            return true;
    return false;
}

static bool valid_map(const struct value *s, const struct value *v)
{
    const struct value *props = get(s, "properties"), *more = get(s, "additionalProperties");
    const struct value *names = get(s, "propertyNames"), *required = get(s, "required");
    for (int i = 0; required && i < required->item.n; i++)
        if (!get(v, required->item.at[i]->text))
            return false;
    for (int i = 0; i < v->entry.n; i++) {
        const struct entry *e = &v->entry.at[i];
        const struct value *prop = props ? get(props, e->key) : NULL;
        struct value key = {.kind = VALUE_SCALAR,
                .text = e->key,
                .len = strlen(e->key),
                .quoted = true};
        if ((names && !valid(names, &key)) || (prop && !valid(prop, e->val)))
            return false;
        if (!prop && more && !any_pattern(get(s, "patternProperties"), e->key) &&
                (more->kind != VALUE_MAP || !valid(more, e->val)))
            return false;
    }
    return true;
}

static bool valid_list(const struct value *s, const struct value *v)
{
    const struct value *items = get(s, "items"), *min = get(s, "minItems"),
                       *max = get(s, "maxItems");
    if ((min && v->item.n < number_of(min)) || (max && v->item.n > number_of(max)))
        return false;
    for (int i = 0; items && i < v->item.n; i++)
        if (!valid(items, v->item.at[i]))
            return false;
    return true;
}

static bool valid_scalar(const struct value *s, const struct value *v)
{
    const struct value *min = get(s, "minimum"), *max = get(s, "maximum");
    const struct value *pattern = get(s, "pattern"), *longest = get(s, "maxLength");
    if (is_number(v))
        return !(min && number_of(v) < number_of(min)) && !(max && number_of(v) > number_of(max));
    if (!is_of_type("string", v))
        return true;
    return !(pattern && !matches(pattern->text, v->text)) &&
           !(longest && (double)v->len > number_of(longest));
}

static bool valid_combination(const struct value *s, const struct value *v)
{
    const struct value *any = get(s, "anyOf"), *all = get(s, "allOf"), *not = get(s, "not");
    const struct value *condition = get(s, "if"), *branch = NULL;
    bool some = !any;
    for (int i = 0; any && i < any->item.n && !some; i++)
        some = valid(any->item.at[i], v);
    for (int i = 0; all && i < all->item.n; i++)
        if (!valid(all->item.at[i], v))
            return false;
    if (condition)
        branch = get(s, valid(condition, v) ? "then" : "else");
    return some && !(not && valid(not, v)) && (!branch || valid(branch, v));
}

static bool valid_type(const struct value *s, const struct value *v)
{
    const struct value *type = get(s, "type"), *words = get(s, "enum"), *constant = get(s, "const");
    bool ok = !type || (type->kind == VALUE_SCALAR && is_of_type(type->text, v));
    for (int i = 0; type && i < type->item.n && !ok; i++)
        ok = is_of_type(type->item.at[i]->text, v);
    return ok && !(words && !one_of(words, v)) && !(constant && !same(constant, v));
}

/* Draft-07, as far as the schema uses it. */
static bool valid(const struct value *s, const struct value *v)
{
    static const char keywords[] =
            " $schema title description default definitions $ref type enum const minimum maximum"
            " pattern maxLength items minItems maxItems properties patternProperties"
            " additionalProperties propertyNames required anyOf allOf not if then else ";
    assert_int_equal(s->kind, VALUE_MAP);
    for (int i = 0; i < s->entry.n; i++)
        if (!strstr(keywords, pool_printf(pool, " %s ", s->entry.at[i].key)))
            fail_msg("keyword %s", s->entry.at[i].key);
    if (get(s, "$ref"))
        return valid(resolve(get(s, "$ref")), v);
    if (!valid_type(s, v) || !valid_combination(s, v))
        return false;
    return v->kind == VALUE_MAP ? valid_map(s, v) : v->kind == VALUE_LIST ? valid_list(s, v)
                                                                          : valid_scalar(s, v);
}

/* ---- agreement ------------------------------------------------------------------------------- */

static bool schema_accepts(const char *text) { return valid(schema, parse(pool, text)); }

static bool parser_accepts(const char *text)
{
    struct spec *s = read_text(text);
    return s && graph_build(pool, s, diag) && !diag_failed(diag);
}

static bool agree(const char *text)
{
    bool a = schema_accepts(text), b = parser_accepts(text);
    if (a != b)
        fail_msg("the schema %s, the parser %s:\n%s%s", a ? "accepts" : "refuses",
                b ? "accepts" : "refuses", text, said());
    return b;
}

static const char *good_value(const struct attr_def *a)
{
    static const char *const values[] = {
        [ATTR_INT] = "1", [ATTR_FLOAT] = "0.5", [ATTR_BOOL] = "true", [ATTR_PAIR] = "1",
        [ATTR_PADDING] = "1", [ATTR_BORDER] = "1", [ATTR_SHAPE] = "[1]", [ATTR_FLOATS] = "1",
        [ATTR_INDICES] = "[1, 1, 1]", [ATTR_INTS] = "[1, 0]",
        [ATTR_PADS] = "[[1, 1], [1, 1], [1, 1]]",
        [ATTR_ACTIVATION] = "relu",
};
    return a->type == ATTR_WORD ? a->words[0] : values[a->type];
}

/* A model with one layer of the operator, everything required given, and key: value. */
static const char *model(const struct op_def *op, const char *key, const char *value)
{
    const char *text = pool_printf(pool, "{type: %s", op->type), *inputs = "image";
    for (const struct attr_def *a = op->attrs; a && a->key; a++)
        if (!a->fallback && strcmp(a->key, key))
            text = pool_printf(pool, "%s, %s: %s", text, a->key, good_value(a));
    for (int i = 1; i < op->min_in; i++)
        inputs = pool_printf(pool, "%s, image", inputs);
    if (op->min_in > 0)
        text = pool_printf(pool, "%s, inputs: [%s]", text, inputs);
    text = pool_printf(pool, "cnngen: 1\nlayers:\n%s  - %s, %s: %s}\n",
            op->family != FAMILY_INPUT ? IMAGE : "", text, key, value);
    if (op->max_in == 0)
        text = pool_printf(pool, "%s  - ReLU\n", text);
    return op->max_in > 0 || op->family == FAMILY_INPUT
            ? text : pool_printf(pool, "%soutputs: [image, re_lu]\n", text);
}

static const char *const values[] = {
        "1",
        "0",
        "-1",
        "2",
        "7",
        "+3",
        "007",
        "0x10",
        "0o7",
        "16384",
        "16385",
        "65536",
        "65537",
        "536870911",
        "536870912",
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
        "18446744073709551616",
        "1.0",
        "0.5",
        "-0.5",
        "1e1",
        "1.5e-3",
        "1e30",
        "1e31",
        "1e38",
        "2e38",
        "true",
        "True",
        "FALSE",
        "yes",
        "on",
        "\"1\"",
        "\"true\"",
        "''",
        "null",
        "~",
        "NULL",
        "same",
        "valid",
        "Same",
        "SAME",
        "\"same\"",
        "causal",
        "nearest",
        "bilinear",
        "float32",
        "uint8",
        "relu",
        "softmax",
        "linear",
        "swish",
        "leaky_relu",
        "gelu",
        "relu_full",
        "gelu_tanh",
        "Relu",
        "{name: relu}",
        "{name: leaky_relu, negative_slope: 0.1}",
        "{name: relu, slope: 1}",
        "{name: gelu, approximate: true}",
        "{name: gelu, approximate: 1}",
        "{name: softmax, axis: 1}",
        "{name: relu, max_value: 6, threshold: 1}",
        "{name: nothing}",
        "{negative_slope: 1}",
        "{}",
        "{name: elu, alpha: high}",
        "[]",
        "[1]",
        "[0]",
        "[1, 2]",
        "[0, 1]",
        "[1, -1]",
        "[-1, 3]",
        "[1, 2, 3]",
        "[2, 2, 2, 2]",
        "[1, 2, 3, 4, 5]",
        "[1.0, 1]",
        "[0.5, -0.5]",
        "[a, b]",
        "[\"1\", 1]",
        "[true, 1]",
        "[null, 1]",
        "[null, 8, 8, 3]",
        "[1, 16385]",
        "[1, 65537]",
        "[[1, 1], [2, 2]]",
        "[[1, 1], [2, -1]]",
        "[[1, 1], [2]]",
        "[[1, 1], 2]",
        "[[1, 2]]",
        "[[[1]]]",
        "[{a: 1}, 2]",
        "[relu]",
        "2x2",
        "one",
};

static void every_attribute(void **state)
{
    int accepted = 0, refused = 0;
    (void)state;
    for (int i = 0; i < OP_COUNT; i++)
        for (const struct attr_def *a = op_defs[i]->type ? op_defs[i]->attrs : NULL; a && a->key;
                a++)
            for (int k = 0; k < COUNT(values); k++) {
                struct pool *outer = pool;
                pool = pool_new();
                *(agree(model(op_defs[i], a->key, values[k])) ? &accepted : &refused) += 1;
                pool_free(pool);
                pool = outer;
                diag = diag_new(pool);
            }
    assert_true(accepted > 500 && refused > 2000);
}

/* What is in the range is taken, what is beyond is not. */
static void every_range(void **state)
{
    (void)state;
    for (int i = 0; i < OP_COUNT; i++)
        for (const struct attr_def *a = op_defs[i]->type ? op_defs[i]->attrs : NULL; a && a->key;
                a++) {
            double min, max;
            attr_range(a, &min, &max);
            if (a->type != ATTR_INT && a->type != ATTR_PAIR)
                continue;
            const double tried[] = {min - 1, min, max, max + 1};
            for (int k = 0; k < 4; k++) {
                const char *text = model(op_defs[i], a->key, pool_printf(pool, "%.0f", tried[k]));
                bool in_range = k == 1 || k == 2;
                if (parser_accepts(text) != in_range)
                    fail_msg("%s%s", text, said());
            }
        }
}

static void every_layer(void **state)
{
    static const char *const keys[][2] = {
        {"name", "a"}, {"name", "a/b.c-d_1"}, {"name", "-a"}, {"name", "a b"}, {"name", "''"},
        {"name", "[a]"}, {"weights", "{}"}, {"data_format", "channels_last"},
        {"data_format", "channels_first"}, {"data_format", "null"}, {"trainable", "false"},
        {"kernel_initializer", "{class_name: x}"}, {"_constraint", "1"}, {"x_regularizer", "null"},
        {"x_regularizers", "null"}, {"input_shape", "[8, 8, 3]"}, {"input_shape", "8"},
        {"input_shape", "null"}, {"input_shape", "[1, 2, 3, 4, 5]"}, {"nonsense", "1"},
        {"dtype", "float32"}, {"dtype", "float16"}, {"dtype", "null"}, {"class_name", "x"},
        {"name", "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc"},
        {"name", "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcd"},
    };
    (void)state;
    for (int i = 0; i < OP_COUNT; i++)
        for (int k = 0; op_defs[i]->type && k < COUNT(keys); k++)
            agree(model(op_defs[i], keys[k][0], keys[k][1]));
}

static bool needs_something(const struct op_def *op)
{
    bool needs = false;
    for (const struct attr_def *a = op->attrs; a && a->key; a++)
        needs = needs || !a->fallback;
    return needs;
}

static void bare_names(void **state)
{
    (void)state;
    for (int i = 0; i < OP_COUNT; i++) {
        if (!op_defs[i]->type)
            continue;
        const char *text =
                pool_printf(pool, "cnngen: 1\nlayers:\n" IMAGE "  - %s\n", op_defs[i]->type);
        assert_int_equal(schema_accepts(text), !needs_something(op_defs[i]));
        if (op_defs[i]->min_in == 1)
            agree(text);
        if (op_defs[i]->alias)
            assert_int_equal(schema_accepts(pool_printf(pool, "cnngen: 1\nlayers: [%s]\n",
                    op_defs[i]->alias)), !needs_something(op_defs[i]));
    }
    assert_false(schema_accepts("cnngen: 1\nlayers: [Conv2d]\n"));
}

static void missing_keys(void **state)
{
    (void)state;
    for (int i = 0; i < OP_COUNT; i++)
        if (op_defs[i]->type && op_defs[i]->min_in == 1)
            agree(pool_printf(pool, "cnngen: 1\nlayers:\n" IMAGE "  - {type: %s}\n",
                    op_defs[i]->type));
}

static void defaults(void **state)
{
    static const char *const texts[] = {
        "Conv2D: {kernel_size: 3, padding: same}", "Conv2D: {kernel_size: 3, filters: 2}",
        "Conv2D: {padding: same}", "Conv2d: {padding: same}", "Conv2D: {name: x}",
        "Conv2D: {stride: 2}", "Conv2D: {kernel_size: 0}", "Conv2D: 3", "Conv2D: {}",
        "Conv2D: {kernel_size: 3, kernel_initializer: x}", "MaxPool2D: {pool_size: 3}",
        "Conv2D: {kernel_size: 3, weights: {}}", "Dense: {units: 3}",
    };
    (void)state;
    for (int i = 0; i < COUNT(texts); i++) {
        agree(pool_printf(pool, "cnngen: 1\ndefaults: {%s}\nlayers:\n" IMAGE
                                "  - {type: Conv2D, filters: 4}\n", texts[i]));
        agree(pool_printf(pool,
                "cnngen: 1\ndefaults: {%s}\nlayers: [{type: Input, shape: [4]}, Dense]\n",
                texts[i]));
        agree(pool_printf(pool, "cnngen: 1\ndefaults: {%s}\nlayers:\n" IMAGE "  - Conv2D\n",
                texts[i]));
        agree(pool_printf(pool, "cnngen: 1\ndefaults: {%s}\nlayers:\n" IMAGE "  - ReLU\n",
                texts[i]));
    }
}

static void top_level(void **state)
{
    static const char *const texts[] = {
            "",
            "name: a\n",
            "name: 1a\n",
            "batch: 4\n",
            "batch: 0\n",
            "batch: 65537\n",
            "dtype: float32\n",
            "dtype: int8\n",
            "templates: {a: 1}\n",
            "outputs: b\n",
            "outputs: [b, re_lu]\n",
            "outputs: []\n",
            "outputs: {a: b}\n",
            "model: x\n",
    };
    (void)state;
    for (int i = 0; i < COUNT(texts); i++)
        agree(pool_printf(pool, "cnngen: 1\nlayers:\n" IMAGE "  - ReLU\n"
                                "  - {type: ReLU, name: b}\n%s", texts[i]));
    assert_false(schema_accepts("layers: [ReLU]\n"));
    assert_false(schema_accepts("cnngen: 2\nlayers: [ReLU]\n"));
    assert_false(schema_accepts("cnngen: 1\nlayers: []\n"));
    assert_false(schema_accepts("cnngen: 1\nlayers: {}\n"));
    assert_true(schema_accepts("cnngen: 1\nweights: {random: 3, layout: torch}\nlayers: [ReLU]\n"));
    assert_false(schema_accepts("cnngen: 1\nweights: {random: x}\nlayers: [ReLU]\n"));
}

/* What editors show: each attribute has its line of documentation and its default. */
static void describes(void **state)
{
    (void)state;
    for (int i = 0; i < OP_COUNT; i++)
        for (const struct attr_def *a = op_defs[i]->type ? op_defs[i]->attrs : NULL; a && a->key;
                a++) {
            const struct value *type = get(get(schema, "definitions"), op_defs[i]->type);
            const struct value *prop = get(get(type, "properties"), a->key);
            assert_string_equal(get(prop, "description")->text, a->doc);
            assert_int_equal(get(prop, "default") != NULL, a->fallback && *a->fallback);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(is_json),
            TEST(every_attribute),
            TEST(every_range),
            TEST(every_layer),
            TEST(bare_names),
            TEST(missing_keys),
            TEST(defaults),
            TEST(top_level),
            TEST(describes),
    };
    return cmocka_run_group_tests_name("schema", tests, read_schema, drop_schema);
}
