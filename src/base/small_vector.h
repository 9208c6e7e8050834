// SmallVector: a list that is nearly always short.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>

#include "base/assert.h"

namespace parley {

/// A list whose first element lies in the list itself, so that one of one element takes no memory
/// elsewhere. With more it is a block, which is given up as soon as one or none is left. At most
/// 65,535 elements. Pointers to elements last until the next push or pop.
template <class T>
class SmallVector {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) >= sizeof(T*));

public:
    SmallVector() noexcept = default;
    SmallVector(const SmallVector&) = delete;
    SmallVector& operator=(const SmallVector&) = delete;
    ~SmallVector() {
        if (in_block()) delete[] place_.block;
    }

    void push_back(const T& value) noexcept {
        const T copy = value;  // it may be one of ours
        if (size_ == capacity_) grow();
        data()[size_++] = copy;
    }
    /// Requires !empty().
    void pop_back() noexcept {
        PARLEY_ASSERT(size_ > 0);
        --size_;
        if (size_ == 1 && in_block()) give_up_block();
    }

    T* begin() noexcept { return data(); }
    T* end() noexcept { return data() + size_; }
    const T* begin() const noexcept { return data(); }
    const T* end() const noexcept { return data() + size_; }
    /// Requires !empty().
    T& back() noexcept {
        PARLEY_ASSERT(size_ > 0);
        return data()[size_ - 1];
    }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }

private:
    bool in_block() const noexcept { return capacity_ > 1; }
    T* data() noexcept { return in_block() ? place_.block : &place_.first; }
    const T* data() const noexcept { return in_block() ? place_.block : &place_.first; }

    void grow() noexcept {
        constexpr std::uint16_t capacity_max = std::numeric_limits<std::uint16_t>::max();
        PARLEY_ASSERT(capacity_ < capacity_max);
        const auto capacity =
            static_cast<std::uint16_t>(capacity_ > capacity_max / 2 ? capacity_max : capacity_ * 2);
        auto block = std::make_unique<T[]>(capacity);
        std::copy_n(data(), size_, block.get());
        if (in_block()) delete[] place_.block;
        place_.block = block.release();
        capacity_ = capacity;
    }
    void give_up_block() noexcept {
        T* block = place_.block;
        place_.first = block[0];
        capacity_ = 1;
        delete[] block;
    }

    union Place {
        Place() noexcept : first{} {}

        T first;   // while capacity_ is 1
        T* block;  // while it is more
    };

    Place place_;
    std::uint16_t size_ = 0;
    std::uint16_t capacity_ = 1;
};

}  // namespace parley
