#include "chat/letter.h"

#include <array>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <sodium.h>

#include "session/event_record.h"
#include "store/limits.h"

namespace parley::chat {
namespace {

constexpr std::string_view ending = ".txt";

// Comes in front of the bytes, in the order of Letter.
struct Head {
    SessionRef sender;
    UserKey from_key{};
    std::int64_t sent = 0;
    std::array<std::uint32_t, 7> sizes{};
    wire::Scope scope{};
    wire::Verb verb{};
};

std::span<const std::byte> bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span{text});
}
std::string_view text_of(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The numbers VoicePing's ids have: its message types.
int type_of(wire::Verb verb) noexcept {
    switch (verb) {
        case wire::Verb::interactive:
            return 23;
        case wire::Verb::image:
            return 18;
        default:
            return 17;
    }
}

class Digest {
public:
    Digest() noexcept { crypto_generichash_init(&state_, nullptr, 0, size); }
    /// With its size, so that no two lists of parts are the same bytes.
    Digest& add(std::span<const std::byte> bytes) noexcept {
        const std::uint64_t count = bytes.size();
        update(session::bytes_of(count));
        update(bytes);
        return *this;
    }
    std::string end() noexcept {
        std::string out(size, '\0');
        crypto_generichash_final(&state_, reinterpret_cast<unsigned char*>(out.data()), size);
        return out;
    }

private:
    static constexpr std::size_t size = 16;
    void update(std::span<const std::byte> bytes) noexcept {
        crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()),
                                  bytes.size());
    }
    crypto_generichash_state state_;
};

std::string id_with(const Letter& letter, std::string_view names, WallTime sent) {
    return fmt::format("{}_{}_{}_{}{}", static_cast<int>(letter.scope), type_of(letter.verb), names,
                       sent.time_since_epoch().count(), ending);
}

}  // namespace

bool post(Shard& shard, ShardId to, const Letter& letter) noexcept {
    const auto size = [](const auto& part) { return static_cast<std::uint32_t>(part.size()); };
    const Head head{.sender = letter.sender,
                    .from_key = letter.from_key,
                    .sent = letter.sent.time_since_epoch().count(),
                    .sizes = {size(letter.from), size(letter.to), size(letter.from_encoded),
                              size(letter.to_encoded), size(letter.message_id),
                              size(letter.retry_key), size(letter.body)},
                    .scope = letter.scope,
                    .verb = letter.verb};
    return shard.post(
        to, RecordKind::chat_letter,
        {session::bytes_of(head), bytes_of(letter.from), bytes_of(letter.to), letter.from_encoded,
         letter.to_encoded, letter.message_id, bytes_of(letter.retry_key), letter.body},
        Urgency::lasting);
}

Letter letter_of(std::span<const std::byte> record) noexcept {
    Head head;
    PARLEY_ASSERT(record.size() >= sizeof(head));
    std::memcpy(&head, record.data(), sizeof(head));
    auto rest = record.subspan(sizeof(head));
    std::array<std::span<const std::byte>, head.sizes.size()> parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        PARLEY_ASSERT(head.sizes[i] <= rest.size());
        parts[i] = rest.first(head.sizes[i]);
        rest = rest.subspan(head.sizes[i]);
    }
    return {.sender = head.sender,
            .from_key = head.from_key,
            .sent = WallTime{std::chrono::milliseconds{head.sent}},
            .scope = head.scope,
            .verb = head.verb,
            .from = text_of(parts[0]),
            .to = text_of(parts[1]),
            .from_encoded = parts[2],
            .to_encoded = parts[3],
            .message_id = parts[4],
            .retry_key = text_of(parts[5]),
            .body = parts[6]};
}

std::string message_id(const Letter& letter, WallTime sent) {
    return id_with(letter, fmt::format("{}_{}", letter.to, letter.from), sent);
}

std::string stored_id(const Letter& letter, WallTime sent) {
    std::string id = message_id(letter, sent);
    if (id.size() <= store::id_size_max) return id;
    const std::string names = Digest{}.add(bytes_of(letter.to)).add(bytes_of(letter.from)).end();
    std::array<char, 33> hex{};
    sodium_bin2hex(hex.data(), hex.size(), reinterpret_cast<const unsigned char*>(names.data()),
                   names.size());
    return id_with(letter, hex.data(), sent);
}

std::optional<WallTime> time_in(std::string_view id) noexcept {
    if (!id.ends_with(ending)) return {};
    id.remove_suffix(ending.size());
    const std::size_t mark = id.rfind('_');
    if (mark == std::string_view::npos) return {};
    id.remove_prefix(mark + 1);
    std::int64_t count = 0;
    const auto [end, problem] = std::from_chars(id.data(), id.data() + id.size(), count);
    if (problem != std::errc{} || end != id.data() + id.size()) return {};
    return WallTime{std::chrono::milliseconds{count}};
}

std::string retry_key(const wire::Command& command) {
    if (command.message_id.empty()) return {};
    return Digest{}
        .add(bytes_of(command.from.text))
        .add(session::bytes_of(command.verb))
        .add(command.message_id)
        .add(command.payload)
        .end();
}

}  // namespace parley::chat
