// IntrusiveList: objects that carry their own links and unlink themselves when they die.
#pragma once

#include <bit>
#include <cstddef>

#include "base/assert.h"

namespace parley {

/// A member of an object through which one list holds it. Unlinks itself when destroyed, so a
/// list never holds a dead object. An object is in at most one list per hook.
class ListHook {
public:
    ListHook() noexcept = default;
    ListHook(const ListHook&) = delete;
    ListHook& operator=(const ListHook&) = delete;
    ~ListHook() { unlink(); }

    bool linked() const noexcept { return next_ != nullptr; }
    /// Leaves the list, if in one.
    void unlink() noexcept {
        if (next_ == nullptr) return;
        previous_->next_ = next_;
        next_->previous_ = previous_;
        next_ = previous_ = nullptr;
    }

private:
    template <class T, ListHook T::*hook>
    friend class IntrusiveList;

    ListHook* next_ = nullptr;
    ListHook* previous_ = nullptr;
};

/// A list of T linked through `hook`. Owns nothing, allocates nothing; push and unlink are O(1).
/// While iterating, only the current object may be unlinked.
template <class T, ListHook T::*hook>
class IntrusiveList {
public:
    class Iterator {
    public:
        explicit Iterator(ListHook* at) noexcept : at_(at), next_(at->next_) {}
        T& operator*() const noexcept { return owner(*at_); }
        Iterator& operator++() noexcept {
            at_ = next_;
            next_ = at_->next_;
            return *this;
        }
        bool operator==(const Iterator& other) const noexcept { return at_ == other.at_; }

    private:
        ListHook* at_;
        ListHook* next_;
    };

    IntrusiveList() noexcept { head_.next_ = head_.previous_ = &head_; }
    IntrusiveList(const IntrusiveList&) = delete;
    IntrusiveList& operator=(const IntrusiveList&) = delete;
    ~IntrusiveList() {
        while (!empty())
            head_.next_->unlink();
        head_.next_ = head_.previous_ = nullptr;  // or the head would unlink itself from itself
    }

    /// Requires that `object` is in no list through this hook.
    void push_back(T& object) noexcept {
        ListHook& link = object.*hook;
        PARLEY_ASSERT(!link.linked());
        link.previous_ = head_.previous_;
        link.next_ = &head_;
        head_.previous_->next_ = &link;
        head_.previous_ = &link;
    }

    bool empty() const noexcept { return head_.next_ == &head_; }
    /// Requires !empty().
    T& front() noexcept {
        PARLEY_ASSERT(!empty());
        return owner(*head_.next_);
    }
    /// Requires !empty().
    T& back() noexcept {
        PARLEY_ASSERT(!empty());
        return owner(*head_.previous_);
    }
    /// Takes the first object out. Requires !empty().
    T& pop_front() noexcept {
        T& first = front();
        (first.*hook).unlink();
        return first;
    }
    /// Moves everything `other` holds to the end of this list. O(1).
    void take_all(IntrusiveList& other) noexcept {
        if (other.empty()) return;
        ListHook* first = other.head_.next_;
        ListHook* last = other.head_.previous_;
        other.head_.next_ = other.head_.previous_ = &other.head_;
        first->previous_ = head_.previous_;
        head_.previous_->next_ = first;
        last->next_ = &head_;
        head_.previous_ = last;
    }

    Iterator begin() noexcept { return Iterator{head_.next_}; }
    Iterator end() noexcept { return Iterator{&head_}; }

private:
    static T& owner(ListHook& link) noexcept {
        // A pointer to a data member is its offset (Itanium C++ ABI, section 2.3.1).
        const auto offset = std::bit_cast<std::ptrdiff_t>(hook);
        return *reinterpret_cast<T*>(reinterpret_cast<std::byte*>(&link) - offset);
    }

    ListHook head_;
};

}  // namespace parley
