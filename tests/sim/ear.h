// Ear: what one listener has heard of one group over one connection.
//
//   silent ── START ──▶ hearing a talk ── STOP ──▶ silent
//                         │ START of another: it was taken over
//
// Voice must belong to the talk that began last, in order and without repeats. An ear that came in
// the middle, or has a hole in its memory, first believes what it hears.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace parley::sim {

class Ear {
public:
    /// What is wrong with what was heard; empty if nothing.
    using Verdict = const char*;

    /// Forgets everything: a new connection, or a leave or join just now.
    void start_anew() noexcept { *this = Ear{}; }
    /// From here on it may miss something: it does not read, or is not a member.
    void excuse() noexcept { complete_ = false; }
    /// It may have missed anything at all, but still hears.
    void lose_track() noexcept {
        tracking_ = false;
        complete_ = false;
    }

    Verdict on_start(int talk) {
        for (const int earlier : begun_) {
            if (earlier == talk) return "a START was heard twice";
        }
        begun_.push_back(talk);
        current_ = talk;
        next_ = 0;
        tracking_ = true;
        complete_ = true;
        return nullptr;
    }

    /// `lost` grows by the frames that are missing before this one.
    Verdict on_voice(int talk, int sequence, std::uint64_t& lost) {
        if (talk != current_) {
            if (tracking_) return "voice of a talk was heard that is not the one that began last";
            current_ = talk;
            next_ = sequence;
            tracking_ = true;
        }
        if (sequence < next_) return "voice was heard twice or out of order";
        if (complete_) lost += static_cast<std::uint64_t>(sequence - next_);
        next_ = sequence + 1;
        return nullptr;
    }

    /// The present talk ended, of which `frames` were sent; -1 if nobody knows how many came.
    void on_stop(int frames, std::uint64_t& lost) noexcept {
        if (complete_ && frames > next_) lost += static_cast<std::uint64_t>(frames - next_);
        current_ = silent;
        complete_ = false;
        tracking_ = true;
    }

    /// The listener itself was granted the floor: it hears nobody until somebody else begins.
    void on_own_grant() noexcept {
        current_ = silent;
        complete_ = false;
        tracking_ = true;
    }

    int current() const noexcept { return current_; }
    /// The talk that began last was this one, and all its frames were heard.
    bool heard_whole(int talk, int frames) const noexcept {
        return !begun_.empty() && begun_.back() == talk && next_ == frames;
    }
    bool tracking() const noexcept { return tracking_; }

private:
    static constexpr int silent = -1;

    int current_ = silent;
    int next_ = 0;           // sequence expected next
    bool tracking_ = false;  // it knows what it may hear
    bool complete_ = false;  // it heard the START, and was listening ever since
    std::vector<int> begun_;
};

}  // namespace parley::sim
