/* version.h: of cnngen, as messages, files and emitted text name it. The numbers are in
 * runtime/cnn_version.h. */
#ifndef CNNGEN_VERSION_H
#define CNNGEN_VERSION_H

#include "../runtime/cnn_version.h"

#define VERSION_TEXT(number)    VERSION_TEXT_OF(number)
#define VERSION_TEXT_OF(number) #number

#define CNNGEN_VERSION \
    VERSION_TEXT(CNN_VERSION_MAJOR) "." VERSION_TEXT(CNN_VERSION_MINOR) "." VERSION_TEXT(CNN_VERSION_PATCH)

/* 0.1.0 as 100: two digits for each part behind the first. */
#define CNNGEN_VERSION_NUMBER (10000 * CNN_VERSION_MAJOR + 100 * CNN_VERSION_MINOR + CNN_VERSION_PATCH)

#endif
