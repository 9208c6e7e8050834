// session::Sessions: who is signed in on one shard, by slot and by user.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/flat_table.h"
#include "session/session.h"

namespace parley::session {

/// Sessions lie in chunks that stay where they are, so a session's address lasts as long as it
/// does. Chunks are kept: the memory is that of the most sessions there ever were at a time.
class Sessions {
public:
    Sessions() = default;
    Sessions(const Sessions&) = delete;
    Sessions& operator=(const Sessions&) = delete;
    /// Requires that none is left.
    ~Sessions();

    /// A session in a slot of its own. It is not yet among its user's.
    Session& add(SessionContext& context, Admission admission, int descriptor);
    /// Destroys it: its ref finds nothing from now on.
    void remove(Session& session) noexcept;

    /// Null if that session is gone, or its slot is somebody else's by now.
    Session* find(const SessionRef& ref) noexcept;

    /// Makes the session one of its user's; it hears what is said to the user.
    void sign_in(Session& session);
    /// The opposite. Harmless if it was not. True if it was the user's last.
    bool sign_out(Session& session) noexcept;
    bool is_signed_in(UserKey user) const noexcept;
    std::size_t count_of(UserKey user) noexcept;
    /// The one that signed in first of a user's. Requires that one is signed in.
    Session& oldest_of(UserKey user) noexcept;
    /// Where the session connected from, as its admission said.
    AddressMark address_of(const Session& session) const noexcept;
    /// Visits the sessions of a user. The one visited may sign out, no other may, and none in.
    template <class Visit>
    void for_each_of(UserKey user, Visit visit) {
        const auto is_of_user = [this, user](const Entry& entry) { return key_of(entry) == user; };
        auto place = by_user_.find(hash_of(user), is_of_user);
        while (place != ByUser::none) {
            const std::uint32_t slot = by_user_.at(place).slot;
            visit(session_in(slot));
            // If it left, the place is another's, or nobody's.
            if (by_user_.at(place).slot == slot) place = by_user_.after(place);
            place = by_user_.find_from(place, hash_of(user), is_of_user);
        }
    }

    std::size_t size() const noexcept { return size_; }

    /// Visits all; they may sign out meanwhile.
    template <class Visit>
    void for_each(Visit visit) {
        for (const auto& chunk : chunks_) {
            for (std::uint64_t used = chunk->used; used != 0; used &= used - 1)
                visit(chunk->slots[static_cast<std::size_t>(std::countr_zero(used))].session);
        }
    }

private:
    static constexpr std::uint32_t no_slot = UINT32_MAX;
    static constexpr std::uint32_t chunk_slots = 64;  // one bit each in Chunk::used
    static constexpr std::size_t cache_line_bytes = 64;

    struct Free {
        std::uint32_t generation;  // of the next session here
        std::uint32_t next;
    };
    union alignas(cache_line_bytes) Slot {
        Slot() noexcept : free{} {}
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;
        ~Slot() {}

        Free free;
        Session session;
    };
    static_assert(sizeof(Slot) == sizeof(Session));
    struct Chunk {
        std::array<Slot, chunk_slots> slots;
        std::array<AddressMark, chunk_slots> addresses{};  // a session has no room for its own
        std::uint64_t used = 0;
    };
    // One signed-in session.
    struct Entry {
        std::uint32_t user_hash = 0;
        std::uint32_t slot = no_slot;

        std::uint32_t hash() const noexcept { return user_hash; }
        bool used() const noexcept { return slot != no_slot; }
    };
    using ByUser = FlatTable<Entry>;

    // The upper bits: all users of this shard may have the same lower ones.
    static std::uint32_t hash_of(UserKey user) noexcept {
        return static_cast<std::uint32_t>(raw(user) >> 32);
    }
    UserKey key_of(const Entry& entry) const noexcept { return session_in(entry.slot).key(); }
    Chunk& chunk_of(std::uint32_t slot) const noexcept { return *chunks_[slot / chunk_slots]; }
    // Requires that the slot is in use.
    Session& session_in(std::uint32_t slot) const noexcept {
        return chunk_of(slot).slots[slot % chunk_slots].session;
    }
    void add_chunk();

    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::uint32_t first_free_ = no_slot;
    std::size_t size_ = 0;
    ByUser by_user_;
};

}  // namespace parley::session
