#include "support/allocations.h"

#include <cstdlib>
#include <new>

namespace {

thread_local std::uint64_t count = 0;

void* count_and_allocate(std::size_t size) {
    ++count;
    void* place = std::malloc(size);
    if (place == nullptr) std::abort();
    return place;
}

void* count_and_allocate(std::size_t size, std::align_val_t alignment) {
    ++count;
    const auto each = static_cast<std::size_t>(alignment);
    void* place = std::aligned_alloc(each, (size + each - 1) / each * each);
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
void* operator new(std::size_t size, std::align_val_t alignment) {
    return count_and_allocate(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return count_and_allocate(size, alignment);
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
void operator delete(void* place, std::align_val_t) noexcept {
    std::free(place);
}
void operator delete[](void* place, std::align_val_t) noexcept {
    std::free(place);
}
void operator delete(void* place, std::size_t, std::align_val_t) noexcept {
    std::free(place);
}
void operator delete[](void* place, std::size_t, std::align_val_t) noexcept {
    std::free(place);
}

namespace parley::test {

std::uint64_t allocations() noexcept {
    return count;
}

}  // namespace parley::test
