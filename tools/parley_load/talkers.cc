// Talkers: frames at their time.
#include "parley_load/talkers.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "client/frames.h"
#include "parley_load/stamp.h"

namespace parley::load {
namespace {

constexpr Nanoseconds burst_max = 60'000'000'000;   // servers end one after 90 s
constexpr std::size_t waiting_bytes_max = 4 << 20;  // of one talker: the server has stopped reading

Nanoseconds period_ns(const Options& options) noexcept {
    return static_cast<Nanoseconds>(1e9 / options.frames_per_second);
}

std::uint64_t epoch_ms() noexcept {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace

Talkers::Talkers(Run& run, std::vector<Connection>& connections, int epoll)
    : run_(run), connections_(connections), epoll_(epoll), masks_(std::random_device{}()) {}

void Talkers::add(std::uint32_t index) {
    const std::uint32_t number = connections_[index].number;
    const std::uint32_t group = run_.group_of(number);
    by_index_[index] = talkers_.size();
    Talker talker;
    talker.index = index;
    talker.group = group;
    talker.user = run_.user_name(number);
    talker.group_name = run_.group_name(group);
    talkers_.push_back(std::move(talker));
}

void Talkers::ask() {
    for (Talker& talker : talkers_) {
        talker.state = State::asking;
        request(talker, client::Type::start);
    }
}

bool Talkers::on_granted(std::uint32_t index) {
    Talker& talker = talker_of(index);
    if (talker.state != State::asking) return false;
    talker.state = State::talking;
    const bool first = talker.burst_begun == 0;
    talker.burst_begun = now_ns();
    return first;
}

void Talkers::on_released(std::uint32_t index) {
    Talker& talker = talker_of(index);
    if (talker.state != State::releasing) return;
    talker.state = State::asking;
    request(talker, client::Type::start);
}

Nanoseconds Talkers::send_due(Nanoseconds now) {
    if (talkers_.empty()) return std::numeric_limits<Nanoseconds>::max();
    Nanoseconds due = due_next();
    while (due <= now) {
        Talker& talker = talkers_[turn_];
        renew_if_old(talker, now);
        if (talker.state == State::talking) {
            append_frame(talker, due);
            flush(talker);
            behind_max_ = std::max(behind_max_, now - due);
        }
        turn_ = (turn_ + 1) % talkers_.size();
        if (turn_ == 0) ++slot_;
        due = due_next();
        now = now_ns();
    }
    return due;
}

void Talkers::send_window(Nanoseconds now) {
    const std::uint64_t listeners = run_.options.group_size - 1;
    for (Talker& talker : talkers_) {
        renew_if_old(talker, now);
        if (talker.state != State::talking || !talker.waiting.empty()) continue;
        const std::uint64_t heard = run_.groups[talker.group].heard.load(std::memory_order_relaxed);
        const std::uint64_t limit = heard / listeners + run_.options.window;
        while (talker.sequence < limit)
            append_frame(talker, now);
        flush(talker);
    }
}

void Talkers::release_all() {
    for (Talker& talker : talkers_) {
        if (talker.state == State::talking) request(talker, client::Type::stop);
        talker.state = State::idle;
    }
}

void Talkers::send(std::uint32_t index, std::span<const std::byte> bytes) {
    Talker& talker = talker_of(index);
    talker.waiting.insert(talker.waiting.end(), bytes.begin(), bytes.end());
    flush(talker);
}

void Talkers::on_writable(std::uint32_t index) {
    Talker& talker = talker_of(index);
    flush(talker);
    if (talker.waiting.empty()) listen_for_room(talker, false);
}

Talkers::Talker& Talkers::talker_of(std::uint32_t index) {
    const auto found = by_index_.find(index);
    PARLEY_ASSERT(found != by_index_.end());
    return talkers_[found->second];
}

Nanoseconds Talkers::due_next() const noexcept {
    // The talkers' schedules are spread over the period, so that a paced load is even.
    const Nanoseconds period = period_ns(run_.options);
    const Nanoseconds offset = period * talkers_[turn_].group / run_.options.talkers;
    return run_.begin_ns.load(std::memory_order_relaxed) + offset + slot_ * period;
}

void Talkers::append_frame(Talker& talker, Nanoseconds due) {
    const client::Packet& packet = run_.packets[talker.sequence % run_.packets.size()];
    write_stamped(payload_, packet,
                  {talker.group, talker.sequence, static_cast<std::uint64_t>(due)});
    const client::Address address{client::Channel::group, talker.user, talker.group_name};
    message_.clear();
    client::append_request(message_, address, client::Type::audio, payload_);
    client::append_client_frame(talker.waiting, ws::Opcode::binary, message_,
                                static_cast<std::uint32_t>(masks_()));
    ++talker.sequence;
    ++sent_count_;
    run_.groups[talker.group].sent.store(talker.sequence, std::memory_order_relaxed);
}

void Talkers::request(Talker& talker, client::Type type) {
    const client::Address address{client::Channel::group, talker.user, talker.group_name};
    message_.clear();
    if (type == client::Type::start) {
        client::append_request(message_, address, type, epoch_ms());  // as radios do
    } else {
        client::append_request(message_, address, type);
    }
    client::append_client_frame(talker.waiting, ws::Opcode::binary, message_,
                                static_cast<std::uint32_t>(masks_()));
    flush(talker);
}

void Talkers::renew_if_old(Talker& talker, Nanoseconds now) {
    if (talker.state != State::talking || now - talker.burst_begun < burst_max) return;
    talker.state = State::releasing;
    request(talker, client::Type::stop);
}

void Talkers::flush(Talker& talker) {
    if (talker.waiting.empty()) return;
    Connection& connection = connections_[talker.index];
    if (!connection.socket.open()) return talker.waiting.clear();
    const ssize_t size = ::send(connection.socket.get(), talker.waiting.data(),
                                talker.waiting.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0 && errno != EAGAIN && errno != EINTR) {
        return run_.fail(fmt::format("a talker cannot send: {}", std::strerror(errno)));
    }
    if (size > 0) talker.waiting.erase(talker.waiting.begin(), talker.waiting.begin() + size);
    if (talker.waiting.size() > waiting_bytes_max) {
        return run_.fail("the server has stopped reading from a talker");
    }
    if (!talker.waiting.empty()) listen_for_room(talker, true);
}

void Talkers::listen_for_room(Talker& talker, bool room_wanted) {
    epoll_event event{};
    event.events = EPOLLIN | (room_wanted ? EPOLLOUT : 0U);
    event.data.u32 = talker.index;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, connections_[talker.index].socket.get(), &event);
}

}  // namespace parley::load
