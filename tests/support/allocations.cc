#include "support/allocations.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

thread_local std::uint64_t news = 0;
thread_local std::uint64_t deletes = 0;
thread_local std::uint64_t bytes = 0;

void* allocate(std::size_t size, std::size_t alignment) noexcept {
    ++news;
    bytes += size;
    return alignment <= alignof(std::max_align_t)
               ? std::malloc(size == 0 ? 1 : size)
               : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate_or_abort(std::size_t size, std::size_t alignment) noexcept {
    void* place = allocate(size, alignment);
    if (place == nullptr) std::abort();
    return place;
}

void free_and_count(void* place) noexcept {
    if (place != nullptr) ++deletes;
    std::free(place);
}

}  // namespace

void* operator new(std::size_t size) {
    return allocate_or_abort(size, 1);
}
void* operator new[](std::size_t size) {
    return allocate_or_abort(size, 1);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size, 1);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size, 1);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate_or_abort(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return allocate_or_abort(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* place) noexcept {
    free_and_count(place);
}
void operator delete[](void* place) noexcept {
    free_and_count(place);
}
void operator delete(void* place, std::size_t) noexcept {
    free_and_count(place);
}
void operator delete[](void* place, std::size_t) noexcept {
    free_and_count(place);
}
void operator delete(void* place, std::align_val_t) noexcept {
    free_and_count(place);
}
void operator delete[](void* place, std::align_val_t) noexcept {
    free_and_count(place);
}
void operator delete(void* place, std::size_t, std::align_val_t) noexcept {
    free_and_count(place);
}
void operator delete[](void* place, std::size_t, std::align_val_t) noexcept {
    free_and_count(place);
}

namespace parley::test {

std::uint64_t allocations() noexcept {
    return news;
}

std::uint64_t allocated_bytes() noexcept {
    return bytes;
}

std::uint64_t frees() noexcept {
    return deletes;
}

}  // namespace parley::test
