// Where products.c has kernels of its own.
#ifndef SD_PRODUCTS_H
#define SD_PRODUCTS_H
#if defined(__x86_64__) && defined(__linux__)
#define SD_HAS_PRODUCTS 1
#else
#define SD_HAS_PRODUCTS 0
#endif
#endif
