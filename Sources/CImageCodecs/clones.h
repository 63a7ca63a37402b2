#ifndef IMAGE_CLONES_H
#define IMAGE_CLONES_H

/* Compiles a function for several instruction sets, one of which is chosen when the program is loaded. */
#if defined(__x86_64__) && defined(__linux__)
#define FOR_SEVERAL_CPUS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_SEVERAL_CPUS
#endif

#endif
