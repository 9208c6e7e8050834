// net::Connection under TLS: what is received is opened on its way up, what is sent is sealed when
// it is tried. What TLS itself has to say goes before.
#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "net/connection_seldom.h"

namespace parley::net {
namespace {

constexpr std::size_t record_bytes_max = std::size_t{16} << 10;  // RFC 8446, section 5.1

// What sealing adds to a part: a record's head, its type and its tag, or a close_notify; in TLS 1.2
// a nonce as well (RFC 8446 section 5.2, RFC 5288 section 3). OpenSSL may cut a part into two
// records.
constexpr std::size_t sealing_bytes = 256;

// A large frame leaves scratch that is not worth keeping.
constexpr std::size_t scratch_bytes_max = std::size_t{64} << 10;

}  // namespace

void Connection::secure(std::unique_ptr<tls::Channel> channel) noexcept {
    PARLEY_ASSERT(!receive_.in_flight());
    secured_ = true;
    seldom().channel = std::move(channel);
    shared_.plain_.resize(record_bytes_max);
    if (!seldom_->channel->output().empty()) go_on_later();
}

std::unique_ptr<tls::Channel> Connection::take_channel() noexcept {
    return seldom_ ? std::move(seldom_->channel) : nullptr;
}

void Connection::receive_sealed(std::span<const std::byte> bytes) noexcept {
    tls::Channel& channel = *seldom_->channel;
    using Phase = tls::Channel::Phase;
    if (channel.phase() == Phase::open) {
        channel.feed(bytes);
        return open_sealed();
    }
    if (channel.phase() != Phase::hello && channel.phase() != Phase::handshake) return;
    switch (channel.keep(bytes)) {
        case tls::Channel::Kept::waits:
            return;
        case tls::Channel::Kept::ready:
            return seldom_->place.ask();
        case tls::Channel::Kept::not_tls:
            return refuse_plain();
        case tls::Channel::Kept::too_much:
            ++shared_.tls_failures;
            return abort();
    }
}

void Connection::open_sealed() noexcept {
    tls::Channel& channel = *seldom_->channel;
    using Got = tls::Channel::Got;
    while (state_ == State::open || state_ == State::detaching) {
        const tls::Channel::Read read = channel.read(shared_.plain_);
        if (read.got == Got::failure) return lose_security();
        if (read.got == Got::end && state_ == State::open) owner_.on_end();
        if (read.got != Got::data) break;
        owner_.on_received(read.plain);
    }
    if (state_ != State::open || channel.output().empty()) return;
    if (channel.output().size() > handshake_output_max) {
        ++shared_.slow_consumers;
        return abort();
    }
    go_on_later();
}

void Connection::step_handshake() noexcept {
    tls::Channel& channel = *seldom_->channel;
    if (state_ != State::open) return end_handshake();
    channel.step();
    if (channel.phase() == tls::Channel::Phase::failed) return lose_security();
    if (channel.is_open()) {
        end_handshake();
        ++shared_.tls_handshakes;
        if (channel.is_resumed()) ++shared_.tls_resumed;
        open_sealed();
    }
    if (state_ == State::open && has_next()) go_on_later();
}

void Connection::end_handshake() noexcept {
    seldom_->place.finish();
}

// Others wait for its place, and it has had its time.
void Connection::give_way() noexcept {
    ++shared_.tls_failures;
    abort();
}

// The alert that says why goes out; then the connection ends as any other.
void Connection::lose_security() noexcept {
    ++shared_.tls_failures;
    end_handshake();
    if (state_ != State::open) return;
    owner_.on_insecure(seldom_->channel->reason());
    queue_.clear(shared_.waiting);
    seldom_->plain = FrameRef{};
    close_after_sending();
}

void Connection::refuse_plain() noexcept {
    ++shared_.tls_failures;
    end_handshake();
    secured_ = false;
    const std::unique_ptr<tls::Channel> channel = take_channel();
    owner_.on_not_tls(channel->kept());
    if (state_ == State::open) abort();
}

void Connection::send_sealed(const FrameRef& frame, Delivery delivery) noexcept {
    if (!seldom_->channel->is_open() || has_next()) return enqueue(frame, delivery);
    seldom_->plain = frame.share();
    seldom_->sealed = 0;
    const FrameRef sealed = next_sealed();
    if (sealed) try_now(sealed);
    if (has_next()) go_on_later();
}

bool Connection::has_next() const noexcept {
    if (!secured_) return !queue_.empty();
    const tls::Channel& channel = *seldom_->channel;
    if (!channel.output().empty()) return true;
    const bool may_seal = channel.is_open() || channel.phase() == tls::Channel::Phase::ended;
    return may_seal && (seldom_->plain || !queue_.empty());
}

// Whether the peer has said that it will send no more, before it ended its stream.
bool Connection::has_ended() const noexcept {
    return secured_ && seldom_->channel->phase() == tls::Channel::Phase::ended;
}

// Whatever is sealed must be sent, or the peer could open nothing that follows: so the frame comes
// first, and without one everything waits as it is.
FrameRef Connection::next_sealed() noexcept {
    tls::Channel& channel = *seldom_->channel;
    FrameRef& plain = seldom_->plain;
    using Phase = tls::Channel::Phase;
    const bool may_seal = channel.phase() == Phase::open || channel.phase() == Phase::ended;
    if (may_seal && !plain) {
        plain = queue_.next(shared_.waiting, shared_.shard.frames(), shared_.shard.now());
        seldom_->sealed = 0;
    }
    const std::size_t left =
        may_seal && plain ? std::min(plain.bytes().size() - seldom_->sealed, sealed_at_once_max)
                          : 0;
    FrameRef frame =
        shared_.shard.frames().allocate(channel.output().size() + left + sealing_bytes);
    if (!frame) return frame;
    tls::Bytes& out = shared_.sealed_;
    out.clear();
    channel.take_output(out);
    if (may_seal) {
        if (plain) {
            const auto part = plain.bytes().subspan(seldom_->sealed, left);
            if (!channel.seal(part, out)) {
                ++shared_.tls_failures;
                abort();
                return FrameRef{};
            }
            seldom_->sealed += static_cast<std::uint32_t>(part.size());
            if (seldom_->sealed == plain.bytes().size()) plain = FrameRef{};
        } else if (state_ == State::flushing) {
            channel.close(out);
        }
    }
    if (out.empty()) return FrameRef{};
    PARLEY_ASSERT(out.size() <= frame.space().size());
    std::memcpy(frame.space().data(), out.data(), out.size());
    frame.set_size(out.size());
    if (out.capacity() > scratch_bytes_max) out = tls::Bytes{};
    return frame;
}

// The rest of a handshake's last flight goes with the channel.
void Connection::keep_unsent(const ring::Completion& completion) noexcept {
    if (!rest_) sent_ = 0;
    if (completion.result > 0) sent_ += static_cast<std::uint32_t>(completion.result);
    const std::span<const std::byte> all{current_->data(), current_->size};
    seldom_->channel->put_back(all.subspan(sent_));
    give_away();
}

}  // namespace parley::net
