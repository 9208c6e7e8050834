// ChatPart: writing, acknowledgements, deliveries.
#include "parley_load/chat_part.h"

#include <algorithm>

#include "parley_load/swarm.h"
#include "parley_load/text_stamp.h"

namespace parley::load {
namespace {

using client::Type;

constexpr std::uint32_t writers_max = 32;  // each costs 16 bytes for each member

}  // namespace

ChatPart::ChatPart(const Place& place)
    : place_(place),
      chance_(place.run.options.seed * 1000 + place.worker),
      writers_each_(std::min(place.run.options.group_size, writers_max)) {
    const Division& division = place.run.division;
    rate_ = place.run.options.rate * division.groups_of(place.worker) / division.group_count();
}

void ChatPart::on_phase(Phase phase) {
    is_running_ = phase == Phase::running;
    if (phase != Phase::connecting) return;
    writers_.resize(std::size_t{place_.run.division.groups_of(place_.worker)} * writers_each_);
    checkers_.resize(std::size_t{place_.swarm.size()} * writers_each_);
}

void ChatPart::on_ready(std::uint32_t) {
    place_.run.board.ready_count().fetch_add(1, std::memory_order_relaxed);
}

Nanoseconds ChatPart::due_next() const noexcept {
    return place_.run.board.begin_ns().load(std::memory_order_relaxed) + even_due(written_, rate_);
}

Nanoseconds ChatPart::act(Nanoseconds now) {
    if (!is_running_) return never;
    while (due_next() <= now) {
        const Nanoseconds due = due_next();
        ++written_;
        write(due);
    }
    return due_next();
}

void ChatPart::write(Nanoseconds due) {
    const Run& run = place_.run;
    const std::uint32_t group = chance_.below(run.division.groups_of(place_.worker));
    const std::uint32_t member = chance_.below(writers_each_);
    const std::uint32_t index = group * run.options.group_size + member;
    const std::uint32_t number = place_.swarm.number_of(index);
    Writer& from = writer(group, member);
    const std::string text =
        stamped_text({number, from.sent, static_cast<std::uint64_t>(due)}, run.options.text_bytes);
    const std::string user = run.user_name(number);
    const std::string to = run.group_name(run.division.group_of(number));
    message_.clear();
    client::append_request(message_, {client::Channel::group, user, to}, Type::text,
                           std::string_view{text});
    place_.swarm.send_message(index, message_);
    place_.tally.late(now_ns() - due);
    ++from.sent;
    from.awaited.push_back(due);
    place_.tally.add(Count::sent);
    place_.tally.add(Count::expected, run.options.group_size - 1);
}

void ChatPart::on_message(std::uint32_t index, const client::ServerMessage& message) {
    switch (static_cast<Type>(message.type)) {
        case Type::text:
            return on_text(index, message);
        case Type::text_ack:
            return on_ack(index);
        case Type::unauthorized_group:
            return place_.run.fail(
                "the server refused a text: not a member; this load needs a server that lets "
                "everybody join (--join open)");
        default:
            return;
    }
}

void ChatPart::on_text(std::uint32_t index, const client::ServerMessage& message) {
    const auto stamp = read_text_stamp(message.payload.text());
    if (!stamp) {
        ++faults_.corrupted;
        return;
    }
    const std::uint32_t size = place_.run.options.group_size;
    const std::uint32_t number = place_.swarm.number_of(index);
    const std::uint32_t member = stamp->talker % size;
    if (stamp->talker / size != number / size || stamp->talker == number ||
        member >= writers_each_) {
        ++faults_.misdirected;
        return;
    }
    if (!checker(index, member).accept(stamp->sequence, faults_)) return;
    place_.tally.add(Count::heard);
    place_.tally.record(static_cast<std::size_t>(ChatSeries::delivery),
                        place_.swarm.received_at() - static_cast<Nanoseconds>(stamp->due_ns));
}

void ChatPart::on_ack(std::uint32_t index) {
    const std::uint32_t size = place_.run.options.group_size;
    const std::uint32_t member = index % size;
    if (member >= writers_each_ || writer(index / size, member).awaited.empty()) {
        ++faults_.misdirected;  // for nothing that was written
        return;
    }
    Writer& from = writer(index / size, member);
    place_.tally.add(Count::acked);
    place_.tally.record(static_cast<std::size_t>(ChatSeries::ack),
                        place_.swarm.received_at() - from.awaited[from.acked]);
    if (++from.acked < from.awaited.size()) return;
    from.awaited.clear();
    from.acked = 0;
}

void ChatPart::end() {
    const std::uint32_t size = place_.run.options.group_size;
    for (std::uint32_t index = 0; index < place_.swarm.size(); ++index) {
        for (std::uint32_t member = 0; member < writers_each_; ++member) {
            if (index % size == member) continue;
            checker(index, member).end(writer(index / size, member).sent, faults_);
        }
    }
}

}  // namespace parley::load
