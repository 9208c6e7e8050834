// PARLEY_PUBLIC: what a program may link to.
#pragma once

#if defined(__GNUC__)
#define PARLEY_PUBLIC __attribute__((visibility("default")))
#else
#define PARLEY_PUBLIC
#endif
