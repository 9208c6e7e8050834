// FlatTable: entries found by a hash, in one array.
//
// Open addressing with linear probing. What is erased leaves no mark: the entries behind it move
// up, so a table that has seen much is as fast as a new one. It grows by half, at the latest when
// four fifths of it are used, and never shrinks. An entry thus costs 1.25 to 1.9 times its size.
//
// It knows no keys: two entries may have the same hash, and whoever looks tells them apart.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/assert.h"

namespace parley {

/// Entry is default constructed while its place is free, and says
///   std::uint32_t hash() const noexcept;  the same for as long as it is in the table; its values
///                                         must be evenly spread, all of their bits alike
///   bool used() const noexcept;           false of a default constructed one, true of all others
/// Entries move when others come or go: a reference or place lasts until the next insert or erase.
template <class Entry>
class FlatTable {
    static_assert(std::is_nothrow_move_assignable_v<Entry>);

public:
    /// The number of a place in the array.
    using Place = std::size_t;
    static constexpr Place none = ~Place{0};

    FlatTable() noexcept = default;
    FlatTable(const FlatTable&) = delete;
    FlatTable& operator=(const FlatTable&) = delete;
    ~FlatTable() = default;

    /// The first entry with this hash for which `matches(entry)`, else none.
    template <class Matches>
    Place find(std::uint32_t hash, Matches matches) const noexcept {
        if (size_ == 0) return none;
        return probe(home(hash), hash, matches);
    }
    /// The next such entry, from `place` on, which find() or find_from() gave. Erasing the entry in
    /// a place puts what followed there, so looking on from it misses none.
    template <class Matches>
    Place find_from(Place place, std::uint32_t hash, Matches matches) const noexcept {
        return probe(place, hash, matches);
    }

    /// Puts one more entry in, whatever there is already.
    Entry& insert(Entry entry) noexcept {
        PARLEY_ASSERT(entry.used());
        if ((size_ + 1) * 5 > capacity_ * 4) grow();
        ++size_;
        return put(std::move(entry));
    }
    /// Requires that there is an entry.
    void erase(Place place) noexcept {
        PARLEY_ASSERT(place < capacity_ && entries_[place].used());
        --size_;
        for (Place next = after(place);; next = after(next)) {
            // The hole is closed by the next entry that would be found there; those that would
            // then lie before their home stay.
            if (!entries_[next].used()) break;
            if (distance(home(entries_[next].hash()), next) < distance(place, next)) continue;
            entries_[place] = std::move(entries_[next]);
            place = next;
        }
        entries_[place] = Entry{};
    }

    Entry& at(Place place) noexcept { return entries_[place]; }
    const Entry& at(Place place) const noexcept { return entries_[place]; }
    Place after(Place place) const noexcept { return place + 1 == capacity_ ? 0 : place + 1; }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    /// Places, of which some are always free.
    std::size_t capacity() const noexcept { return capacity_; }

    /// Visits all entries in no particular order. The table must stay as it is meanwhile.
    template <class Visit>
    void for_each(Visit visit) {
        for (Place place = 0; place < capacity_; ++place) {
            if (entries_[place].used()) visit(entries_[place]);
        }
    }

private:
    static constexpr std::size_t capacity_min = 8;

    // Where an entry belongs: in the same order as the hashes, so growing reads and writes memory
    // from its beginning to its end.
    Place home(std::uint32_t hash) const noexcept {
        return static_cast<Place>((std::uint64_t{hash} * capacity_) >> 32);
    }
    std::size_t distance(Place from, Place to) const noexcept {
        return to >= from ? to - from : to + capacity_ - from;
    }

    template <class Matches>
    Place probe(Place place, std::uint32_t hash, Matches& matches) const noexcept {
        // Ends, since some place is free.
        for (; entries_[place].used(); place = after(place)) {
            const Entry& entry = entries_[place];
            if (entry.hash() == hash && matches(entry)) return place;
        }
        return none;
    }

    Entry& put(Entry entry) noexcept {
        Place place = home(entry.hash());
        while (entries_[place].used())
            place = after(place);
        entries_[place] = std::move(entry);
        return entries_[place];
    }

    void grow() noexcept {
        const std::size_t before = capacity_;
        const std::unique_ptr<Entry[]> old = std::move(entries_);
        capacity_ = std::max(capacity_min, before + before / 2);
        PARLEY_ASSERT(capacity_ <= UINT32_MAX);  // of a longer one parts would never be a home
        entries_ = std::make_unique<Entry[]>(capacity_);
        for (Place place = 0; place < before; ++place) {
            if (old[place].used()) put(std::move(old[place]));
        }
    }

    std::unique_ptr<Entry[]> entries_;
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
};

}  // namespace parley
