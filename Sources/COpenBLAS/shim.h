// The C interface of OpenBLAS: the include path comes from openblas.pc.
#include <cblas.h>
