// inflater: takes compression off messages that may come in pieces (RFC 7692 section 7.2.2), and
// stops at the first octet that is too much or wrong.
//
// The inflated size is never declared, so what was inflated is all that is ever held: an octet over
// the limit ends it, whatever more the input would have become.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>
#include <zlib.h>

#include "ws/utf8_stream.h"

namespace parley::ws {

/// One raw inflate stream: 7 KiB, and its window from the first output on.
class Inflater {
public:
    explicit Inflater(std::uint8_t window_bits) noexcept;
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater();

    /// A message begins that may refer to those before it.
    void begin() noexcept { untouched_ = true; }
    /// A message begins that may not.
    void begin_anew() noexcept;

    enum class Outcome : std::uint8_t { fine, corrupt, not_utf8, too_big };
    /// Where a message goes, and what it must keep to.
    struct Into {
        std::vector<std::byte>& out;
        Utf8Stream* text;  ///< of a text, else null
        std::size_t bytes_max;
    };
    /// Inflates a piece to behind what is in `into.out`, which it makes at most one octet larger
    /// than bytes_max. After any outcome but fine the message is lost, and with it the stream.
    Outcome take(std::span<const std::byte> piece, const Into& into) noexcept;
    /// No more pieces come. Corrupt if the message ends where none may.
    Outcome finish(const Into& into) noexcept;

private:
    struct Step {
        std::size_t size;
        bool corrupt;
    };
    Step inflate_some(std::span<const std::byte>& piece, std::span<std::byte> room) noexcept;
    bool at_block_boundary() const noexcept;

    z_stream stream_{};
    bool untouched_ = true;  // since the message began, or its last final block ended
};

/// The inflaters of one shard. A message that lies whole in the input needs one for the moment of
/// a call: that one is shared by all. One that arrives in pieces needs its own until it is whole,
/// since what it has become must be judged as it comes.
class Inflaters {
public:
    /// Held by messages in pieces at a time: 40 KiB each, so 10 MiB. Beyond, a message's compressed
    /// octets are kept, and inflated when all are there: the same verdict, only later.
    static constexpr std::uint32_t lent_max = 256;

    class Return {
    public:
        explicit Return(Inflaters* owner = nullptr) noexcept : owner_(owner) {}
        void operator()(Inflater* inflater) const noexcept;

    private:
        Inflaters* owner_;
    };
    using Lent = std::unique_ptr<Inflater, Return>;

    Inflaters() noexcept = default;
    Inflaters(const Inflaters&) = delete;
    Inflaters& operator=(const Inflaters&) = delete;
    ~Inflaters();

    /// For one whole message. Made when the first comes.
    Inflater& shared() noexcept;
    /// Null if too many are lent.
    Lent lend() noexcept;
    std::uint32_t lent() const noexcept { return lent_; }

    /// Where whole messages of usual size are inflated to. Empty, with its memory; whoever leaves
    /// more in it than kept_bytes_max takes that away.
    static constexpr std::size_t kept_bytes_max = std::size_t{64} << 10;
    std::vector<std::byte>& scratch() noexcept {
        scratch_.clear();
        return scratch_;
    }

private:
    std::unique_ptr<Inflater> shared_;
    std::vector<std::byte> scratch_;
    std::uint32_t lent_ = 0;
};

/// What a reader of frames inflates with.
struct Inflation {
    Inflaters& shared;
    Inflater* own;  ///< of a connection whose messages may refer to those before them, else null
};

}  // namespace parley::ws
