#include "server/commons.h"

#include <array>
#include <cstring>
#include <fmt/format.h>
#include <string>
#include <system_error>

namespace parley::server {
namespace {

constexpr Duration notice_interval = std::chrono::minutes{1};

}  // namespace

session::AddressMark AddressCounts::enter(const ring::PeerAddress& peer, std::uint32_t max) {
    std::array<char, sizeof(peer.network) + 1> bytes{};
    std::memcpy(bytes.data(), &peer.network, sizeof(peer.network));
    bytes.back() = peer.is_v6 ? 1 : 0;
    const auto hash = static_cast<std::uint32_t>(
        keyed_hash(std::string_view{bytes.data(), bytes.size()}, key_) >> 32);
    const auto mark = static_cast<session::AddressMark>(hash == 0 ? 1 : hash);
    const std::lock_guard lock{mutex_};
    std::uint32_t& count = counts_[mark];
    if (count >= max) return session::AddressMark::uncounted;
    ++count;
    return mark;
}

void AddressCounts::leave(session::AddressMark mark) noexcept {
    if (mark == session::AddressMark::uncounted) return;
    const std::lock_guard lock{mutex_};
    const auto found = counts_.find(mark);
    if (--found->second == 0) counts_.erase(found);
}

std::size_t AddressCounts::size() const {
    const std::lock_guard lock{mutex_};
    return counts_.size();
}

bool Commons::tell(Notice notice, Instant now, std::string_view sentence) noexcept {
    return tell(told_[static_cast<std::size_t>(notice)], now, sentence);
}

void Commons::tell_refused(session::Refusal reason, Instant now) noexcept {
    tell(told_refused_[static_cast<std::size_t>(reason)], now, session::sentence(reason));
}

bool Commons::tell(Told& told, Instant now, std::string_view sentence) noexcept {
    if (log_ == nullptr) return false;
    Instant::rep last = told.load(std::memory_order_relaxed);
    const Instant::rep present = now.time_since_epoch().count();
    if (last != 0 && present - last < notice_interval.count()) return false;
    if (!told.compare_exchange_strong(last, present)) return false;
    log_(sentence);
    return true;
}

void Commons::note_store(bool was_down, bool is_down, std::string_view why, Instant now) noexcept {
    if (is_down != was_down) stores_down_ += is_down ? 1U : ~0U;
    if (is_down) {
        if (told_store_down_) return;
        const std::string sentence = fmt::format(
            "the store is down{}{}{}: voice goes on, but nothing more is kept until it is back",
            why.empty() ? "" : " (", why, why.empty() ? "" : ")");
        if (tell(Notice::store, now, sentence)) told_store_down_ = true;
    } else if (stores_down_ == 0 && told_store_down_.exchange(false)) {
        log_("the store is back");
    }
}

void Commons::note_recordings(int error) noexcept {
    recordings_fail = error != 0;
    if (error == 0) {
        if (told_recordings_.exchange(false)) log_("recordings are kept again");
        return;
    }
    if (told_recordings_) return;
    const Instant now{std::chrono::steady_clock::now().time_since_epoch()};
    told_recordings_ = tell(Notice::recordings, now,
                            fmt::format("recordings fail ({}): voice goes on, and each talk is "
                                        "tried again; make room, or see to the disk of --data",
                                        std::generic_category().message(error)));
}

}  // namespace parley::server
