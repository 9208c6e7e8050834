// Allocations: replaces operator new, which is how every one is seen.
#include "allocations.h"

#include <cstdlib>
#include <new>

namespace {

std::uint64_t count = 0;  // benches have one thread

void* count_and_allocate(std::size_t size) {
    ++count;
    void* place = std::malloc(size);
    if (place == nullptr) std::abort();
    return place;
}

}  // namespace

void* operator new(std::size_t size) {
    return count_and_allocate(size);
}
void* operator new[](std::size_t size) {
    return count_and_allocate(size);
}
void operator delete(void* place) noexcept {
    std::free(place);
}
void operator delete[](void* place) noexcept {
    std::free(place);
}
void operator delete(void* place, std::size_t) noexcept {
    std::free(place);
}
void operator delete[](void* place, std::size_t) noexcept {
    std::free(place);
}

namespace parley::bench {

std::uint64_t allocations() noexcept {
    return count;
}

}  // namespace parley::bench
