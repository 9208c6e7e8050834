// voiceping: the arrays VoicePing clients send and expect.
//
//   [channelType, messageType, fromId, toId, payload]               3 to 5 elements
//   [channelType, messageType, fromId, toId, messageId, payload]    6 or more
//
// Pure: knows no connection, no group and no clock, and answers nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "wire/canonical.h"
#include "wire/errors.h"
#include "wire/limits.h"
#include "wire/message.h"

namespace parley::wire::voiceping {

/// The two routers clients were written against. They differ in what they make of a payload that
/// is a list or a map of numbers: the 2023 one relays it, the 2026 one takes it for bytes.
enum class Dialect : std::uint8_t { router_2023, router_2026 };

/// Reads what clients send. Keeps scratch space from message to message, so that requests to talk
/// and audio never allocate; one per shard is enough.
class Decoder final {
public:
    explicit Decoder(Dialect dialect) noexcept;
    Decoder(const Decoder&) = delete;
    Decoder(Decoder&&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    Decoder& operator=(Decoder&&) = delete;
    ~Decoder() = default;

    /// One binary message. Ids, message id and payload come out as the original would encode them
    /// again: shortest heads, integers for whole floats, keys as text. A false `to` (absent, nil,
    /// "", 0, false) becomes the integer 0, a false message id becomes none. A map of bytes, which
    /// is how browsers send theirs, becomes bin: in audio always, elsewhere as the dialect says.
    /// The command borrows from `message` and from the decoder until the next call.
    /// Errors: any DecodeError; the message is then to be dropped. Hostile bytes cost no more
    /// than a walk over them.
    Result<Command> decode(std::span<const std::byte> message) noexcept;

private:
    struct Envelope;
    struct IdScratch {
        std::array<char, id_bytes_max> text;
        std::array<std::byte, id_encoded_bytes_max> encoded;
    };
    struct ByteEntry {
        std::uint64_t key;
        std::uint32_t index;
        std::byte value;
    };

    static Result<Envelope> read_envelope(Bytes message) noexcept;
    static Result<Id> read_id(const Item& item, IdScratch& scratch) noexcept;
    static Result<Id> read_text_id(const Item& item, IdScratch& scratch) noexcept;
    Result<Bytes> read_payload(Verb verb, const Item& item) noexcept;
    Result<Bytes> read_value(const Item& item, std::vector<std::byte>& scratch) noexcept;
    bool list_to_bin(const Item& list) noexcept;
    bool map_to_bin(const Item& map) noexcept;
    std::optional<std::uint64_t> place_of(const Item& key) noexcept;
    void release_scratch() noexcept;

    Dialect dialect_;
    IdScratch from_;
    IdScratch to_;
    std::vector<std::byte> message_id_;
    std::vector<std::byte> payload_;
    std::vector<ByteEntry> byte_entries_;
    Canonicaliser canonicaliser_;
};

/// Bytes that `encode` writes for `event`.
std::size_t encoded_size(const Event& event) noexcept;

/// Writes `event` as one canonical array: six elements if it has a message id, else five; nil for
/// an empty `from`, `to` or payload. Returns encoded_size(event), or 0 and writes nothing if `out`
/// is smaller.
std::size_t encode(const Event& event, std::span<std::byte> out) noexcept;

/// What the 2026 router makes of a text frame: the low byte of each UTF-16 unit is one byte of a
/// binary message. `out` is overwritten. Returns false if `utf8` is no UTF-8.
bool bytes_of_text(std::span<const std::byte> utf8, std::vector<std::byte>& out);

}  // namespace parley::wire::voiceping
