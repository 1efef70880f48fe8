/* cnngen-import-keras: models of Keras and TensorFlow.js. */
#include "keras.h"

static struct writer *convert(struct keras_file *f, const struct import_options *o)
{
    if (!f->model && !o->spec) {
        diag_error(f->diag, DIAG_UNSUPPORTED, f->at, "the file holds weights, but no model");
        diag_help(f->diag, "save the whole model, as .keras; or write its specification and say "
                           "--spec SPEC.yaml -o WEIGHTS.safetensors");
        return NULL;
    }
    if (o->spec)
        return keras_fill(f, o);
    struct kmodel *m = keras_parse(f);
    return m ? keras_lower(f, m, o) : NULL;
}

static struct writer *import(struct pool *pool, const struct import_options *o, struct diag *diag)
{
    struct keras_file f;
    struct writer *w = keras_open(pool, o->model, diag, &f) ? convert(&f, o) : NULL;
    *o->reads = f.reads;
    keras_close(&f);
    return w;
}

int main(int argc, char **argv)
{
    static const struct importer keras = {"cnngen-import-keras",
        "a model of Keras (.keras, .h5) or TensorFlow.js", keras_types_print,
        MAKES_SPEC_OR_WEIGHTS, import};
    return importer_main(&keras, argc, argv);
}
