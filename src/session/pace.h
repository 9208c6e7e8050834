// session::Paces: how fast the users of one shard may ask for things (requirement B6).
//
// All devices of a user live on one shard, so one record each is enough, and it outlives a
// reconnect. Records are made by the first message and go once they say nothing any more: who only
// listens has none. Pure: it reads no clock and sends nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/flat_map.h"
#include "base/time.h"
#include "wire/message.h"

namespace parley::session {

/// How often something may happen: one in `each`, and `ahead` of that at most. `each` 0: always.
struct Allowance {
    Duration each{0};
    Duration ahead{0};

    static constexpr Allowance of(std::uint32_t per_second, std::uint32_t burst) noexcept {
        if (per_second == 0) return {};
        const Duration each = Duration{std::chrono::seconds{1}} / per_second;
        return {each, each * burst};
    }
    bool unlimited() const noexcept { return each == Duration::zero(); }
};

/// A token bucket in one word (GCRA): until when what was taken is paid for.
class Meter {
public:
    /// False if `cost` is more than is left, which then stays as it is.
    bool take(const Allowance& allowance, std::uint32_t cost, Instant now) noexcept;
    bool idle(Instant now) const noexcept { return paid_until_ <= now; }

private:
    Instant paid_until_{};
};

struct PaceLimits {
    Allowance control;
    Allowance text;
    Allowance joins;
    Allowance audio_frames;
    Allowance audio_bits;
    /// So many refusals close the connection; 0: never.
    std::uint32_t violations_max = 0;
};

class Paces {
public:
    enum class Verdict : std::uint8_t {
        pass,
        drop,    ///< counted, and not worth a word: voice, where one was said this second
        refuse,  ///< dropped, and its sender must be told
        close,   ///< as drop, and it was one too many
    };

    Paces() noexcept;
    Paces(const Paces&) = delete;
    Paces& operator=(const Paces&) = delete;
    ~Paces() = default;

    /// Requires that nothing was judged yet. Without it nothing is limited.
    void set(const PaceLimits& limits) noexcept;

    /// Judges one message. `audio_bytes`: of a voice frame's content.
    /// Time: one look-up; a new user's may allocate.
    Verdict judge(UserKey user, wire::Verb verb, std::size_t audio_bytes, Instant now) noexcept;
    /// Judges bytes that were no message: they count as control.
    Verdict judge_garbage(UserKey user, Instant now) noexcept;

    std::size_t users() const noexcept { return std::max(words_.size(), voice_.size()); }
    /// Messages that were dropped: everything but voice, and voice.
    std::uint64_t refused() const noexcept { return refused_; }
    std::uint64_t audio_dropped() const noexcept { return audio_dropped_; }

private:
    // Apart, since most users do not talk.
    struct Words {
        Meter control;
        Meter text;
        Meter joins;
        Meter violations;

        bool idle(Instant now) const noexcept;
    };
    struct Voice {
        Meter frames;
        Meter bits;
        Meter notes;  // about voice

        bool idle(Instant now) const noexcept;
    };
    // Of users who have not been idle for long.
    template <class Record>
    class Records {
    public:
        Records() noexcept;
        Record& of(UserKey user, Instant now) noexcept;
        std::size_t size() const noexcept { return records_.size(); }

    private:
        void forget_idle(Instant now) noexcept;

        FlatMap<UserKey, Record> records_;
        std::size_t look_at_;
    };

    Verdict take(UserKey user, Meter Words::*which, const Allowance& allowance,
                 Instant now) noexcept;
    Verdict take_audio(UserKey user, std::size_t bytes, Instant now) noexcept;
    Verdict punish(Words& words, std::uint32_t cost, Instant now) noexcept;

    PaceLimits limits_;
    Allowance violations_;
    Records<Words> words_;
    Records<Voice> voice_;
    std::uint64_t refused_ = 0;
    std::uint64_t audio_dropped_ = 0;
};

/// Bytes of voice in an AUDIO payload: of a bin or str what it holds, of anything else all.
std::size_t audio_content_size(std::span<const std::byte> payload) noexcept;

}  // namespace parley::session
