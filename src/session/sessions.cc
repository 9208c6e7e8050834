#include "session/sessions.h"

#include <memory>
#include <utility>

#include "base/assert.h"

namespace parley::session {
namespace {

constexpr std::uint64_t bit(std::uint32_t number) noexcept {
    return std::uint64_t{1} << number;
}

}  // namespace

Sessions::~Sessions() {
    PARLEY_ASSERT(size_ == 0);
}

void Sessions::add_chunk() {
    const auto first = static_cast<std::uint32_t>(chunks_.size() * chunk_slots);
    PARLEY_ASSERT(first < no_slot - chunk_slots);
    Chunk& chunk = *chunks_.emplace_back(std::make_unique<Chunk>());
    for (std::uint32_t i = chunk_slots; i-- > 0;) {
        chunk.slots[i].free = {.generation = 0, .next = first_free_};
        first_free_ = first + i;
    }
}

Session& Sessions::add(SessionContext& context, Admission admission, int descriptor) {
    if (first_free_ == no_slot) add_chunk();
    const std::uint32_t number = first_free_;
    Chunk& chunk = chunk_of(number);
    Slot& slot = chunk.slots[number % chunk_slots];
    first_free_ = slot.free.next;
    chunk.addresses[number % chunk_slots] = admission.address;
    const SessionRef ref{number, slot.free.generation, context.net.shard.id()};
    Session& session =
        *std::construct_at(&slot.session, context, ref, std::move(admission), descriptor);
    chunk.used |= bit(number % chunk_slots);
    ++size_;
    return session;
}

void Sessions::remove(Session& session) noexcept {
    const SessionRef ref = session.ref();
    PARLEY_ASSERT(find(ref) == &session);
    Chunk& chunk = chunk_of(ref.slot);
    Slot& slot = chunk.slots[ref.slot % chunk_slots];
    std::destroy_at(&session);
    slot.free = {.generation = ref.generation + 1, .next = first_free_};
    chunk.used &= ~bit(ref.slot % chunk_slots);
    first_free_ = ref.slot;
    --size_;
}

Session* Sessions::find(const SessionRef& ref) noexcept {
    if (ref.slot / chunk_slots >= chunks_.size()) return nullptr;
    if ((chunk_of(ref.slot).used & bit(ref.slot % chunk_slots)) == 0) return nullptr;
    Session& session = session_in(ref.slot);
    return session.ref().generation == ref.generation ? &session : nullptr;
}

void Sessions::sign_in(Session& session) {
    by_user_.insert({.user_hash = hash_of(session.key()), .slot = session.ref().slot});
}

bool Sessions::sign_out(Session& session) noexcept {
    const std::uint32_t slot = session.ref().slot;
    const auto place = by_user_.find(hash_of(session.key()),
                                     [slot](const Entry& entry) { return entry.slot == slot; });
    if (place == ByUser::none) return false;
    by_user_.erase(place);
    return !is_signed_in(session.key());
}

std::size_t Sessions::count_of(UserKey user) noexcept {
    std::size_t count = 0;
    for_each_of(user, [&count](Session&) { ++count; });
    return count;
}

// Entries with the same hash keep their order, whatever comes and goes around them.
Session& Sessions::oldest_of(UserKey user) noexcept {
    Session* oldest = nullptr;
    for_each_of(user, [&oldest](Session& each) {
        if (oldest == nullptr) oldest = &each;
    });
    PARLEY_ASSERT(oldest != nullptr);
    return *oldest;
}

AddressMark Sessions::address_of(const Session& session) const noexcept {
    const std::uint32_t slot = session.ref().slot;
    return chunk_of(slot).addresses[slot % chunk_slots];
}

bool Sessions::is_signed_in(UserKey user) const noexcept {
    const auto is_of_user = [this, user](const Entry& entry) { return key_of(entry) == user; };
    return by_user_.find(hash_of(user), is_of_user) != ByUser::none;
}

}  // namespace parley::session
