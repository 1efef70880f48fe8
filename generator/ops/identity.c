/* Layers of which nothing is left when a network runs: dropout, noise, regularization. And the
 * internal COPY, of which only the copying is. */
#include "common.h"

#define RATE \
    {"rate", ATTR_FLOAT, AT(training_only, rate), NULL, 0, 1, NULL, "for training only"}
#define NOISE_SHAPE \
    {"noise_shape", ATTR_FLOATS, AT(training_only, noise_shape), "", 0, 0, NULL, \
     "for training only"}
#define SEED \
    {"seed", ATTR_FLOATS, AT(training_only, seed), "", 0, 0, NULL, "for training only"}

#define IDENTITY(id, table, type_name, stem_name, line) \
    const struct op_def op_##id = { \
        .type = type_name, .stem = stem_name, .doc = line, .family = FAMILY_IDENTITY, \
        .min_in = 1, .max_in = 1, .attr_bytes = sizeof(struct training_only), .attrs = table, \
        .shape = shape_as_input, .eval = eval_copy, \
    }

static const struct attr_def no_attrs[] = {ATTRS_END};
static const struct attr_def dropout_attrs[] = {RATE, NOISE_SHAPE, SEED, ATTRS_END};
static const struct attr_def seeded_attrs[] = {RATE, SEED, ATTRS_END};

static const struct attr_def noise_attrs[] = {
    {"stddev", ATTR_FLOAT, AT(training_only, stddev), NULL, 0, 1e38, NULL, "for training only"},
    SEED,
    ATTRS_END
};

static const struct attr_def regularization_attrs[] = {
    {"l1", ATTR_FLOAT, AT(training_only, l1), "0", 0, 0, NULL, "for training only"},
    {"l2", ATTR_FLOAT, AT(training_only, l2), "0", 0, 0, NULL, "for training only"},
    ATTRS_END
};

IDENTITY(identity, no_attrs, "Identity", "identity", "its input");
IDENTITY(dropout, dropout_attrs, "Dropout", "dropout", "its input: acts in training only");
IDENTITY(spatial_dropout2d, seeded_attrs, "SpatialDropout2D", "spatial_dropout2d",
         "its input: acts in training only");
IDENTITY(gaussian_dropout, seeded_attrs, "GaussianDropout", "gaussian_dropout",
         "its input: acts in training only");
IDENTITY(gaussian_noise, noise_attrs, "GaussianNoise", "gaussian_noise",
         "its input: acts in training only");
IDENTITY(alpha_dropout, dropout_attrs, "AlphaDropout", "alpha_dropout",
         "its input: acts in training only");
IDENTITY(activity_regularization, regularization_attrs, "ActivityRegularization",
         "activity_regularization", "its input: acts in training only");

const struct op_def op_copy = {
    .stem = "copy", .doc = "the same values elsewhere, as float32", .family = FAMILY_IDENTITY,
    .min_in = 1, .max_in = 1, .attr_bytes = sizeof(struct training_only), .attrs = no_attrs,
    .shape = shape_as_input, .eval = eval_copy,
};
