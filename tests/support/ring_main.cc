// main() of tests on the real ring: where the kernel refuses io_uring, they are skipped.
#include <cstdio>
#include <gtest/gtest.h>
#include <string>

#include "ring/ring.h"
#include "ring/socket.h"

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    std::string error;
    if (parley::ring::Ring::open({}, error) == nullptr) {
        std::fprintf(stderr, "skipped: %s\n", error.c_str());
        return 77;  // meson's sign for it
    }
    parley::ring::limit_descriptors(0);
    return RUN_ALL_TESTS();
}
