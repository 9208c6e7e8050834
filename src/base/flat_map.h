// FlatMap: values by user or group, in one array (base/flat_table.h).
#pragma once

#include <cstdint>
#include <utility>

#include "base/assert.h"
#include "base/flat_table.h"
#include "base/ids.h"

namespace parley {

/// Key is an id whose number is a keyed hash (base/ids.h); the number 0, which stands for nobody,
/// cannot be a key. Value is movable and default constructible. Values move when others come or go:
/// a pointer to one lasts until the next insert or erase.
template <class Key, class Value>
class FlatMap {
public:
    /// Null if there is none.
    Value* find(Key key) noexcept {
        const auto place = place_of(key);
        return place == Table::none ? nullptr : &table_.at(place).value;
    }
    const Value* find(Key key) const noexcept {
        const auto place = place_of(key);
        return place == Table::none ? nullptr : &table_.at(place).value;
    }
    /// The value of that key, a default constructed one if it is new.
    Value& find_or_insert(Key key) noexcept {
        if (Value* value = find(key)) return *value;
        return insert(key, Value{});
    }
    /// Requires that the key is new.
    Value& insert(Key key, Value value) noexcept {
        PARLEY_ASSERT(place_of(key) == Table::none);
        return table_.insert(Entry{key, std::move(value)}).value;
    }
    /// False if there was none.
    bool erase(Key key) noexcept {
        const auto place = place_of(key);
        if (place == Table::none) return false;
        table_.erase(place);
        return true;
    }

    /// Calls visit(key, value) for all, in no particular order. The map must stay as it is
    /// meanwhile.
    template <class Visit>
    void for_each(Visit visit) {
        table_.for_each([&visit](Entry& entry) { visit(entry.key, entry.value); });
    }
    std::size_t size() const noexcept { return table_.size(); }
    bool empty() const noexcept { return table_.empty(); }
    std::size_t capacity() const noexcept { return table_.capacity(); }

private:
    struct Entry {
        Key key{};
        Value value{};

        // The upper bits: the shard is chosen by the lower ones, which many keys of a shard share.
        std::uint32_t hash() const noexcept { return hash_of(key); }
        bool used() const noexcept { return raw(key) != 0; }
    };
    using Table = FlatTable<Entry>;

    static std::uint32_t hash_of(Key key) noexcept {
        return static_cast<std::uint32_t>(std::uint64_t{raw(key)} >> 32);
    }
    typename Table::Place place_of(Key key) const noexcept {
        return table_.find(hash_of(key), [key](const Entry& entry) { return entry.key == key; });
    }

    Table table_;
};

}  // namespace parley
