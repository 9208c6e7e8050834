#include "server/worker.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "group/refusals.h"
#include "session/event_record.h"
#include "session/limits.h"
#include "wire/value.h"

namespace parley::server {

Worker::Worker(Shard& shard, const WorkerOptions& options,
               const session::Authenticator& authenticator)
    : shard_(shard),
      options_(options),
      policy_{authenticator,
              options.origins,
              options.handler == nullptr ? session::Opening::Admit::by_token
                                         : session::Opening::Admit::anybody,
              options.deflate,
              options.tls,
              options.opening_max,
              options.library != nullptr},
      door_(shard, options.door, options.commons),
      net_(shard, options.queues),
      decoder_(options.dialect),
      context_(net_, options.sockets, decoder_, options.dialect, *this),
      expiries_(shard, sessions_),
      post_(shard, sessions_),
      store_(options.store->door(shard)),
      listeners_(shard),
      groups_(shard, listeners_),
      floor_(shard, groups_, post_, options.floor, make_tap()),
      membership_({.shard = shard,
                   .sessions = sessions_,
                   .post = post_,
                   .listeners = listeners_,
                   .groups = groups_,
                   .floor = floor_,
                   .store = *store_,
                   .policy = options.join,
                   .groups_max = options.groups_per_user_max}),
      updates_(shard, membership_, options.store->redis()),
      relay_(shard, groups_, tap_ ? &*tap_ : nullptr),
      direct_(shard, sessions_, post_, options.floor.talk_max, tap_ ? &*tap_ : nullptr),
      chat_({.shard = shard,
             .sessions = sessions_,
             .post = post_,
             .listeners = listeners_,
             .groups = groups_,
             .store = *store_}),
      downloads_(net_, options.library, *store_, *this),
      drain_(shard, sessions_, groups_, options.drain),
      lag_(options.lag_max),
      lag_timer_(Timer::Handler::to<&Worker::look_at_lag>(*this)),
      shed_timer_(Timer::Handler::to<&Worker::on_shed_timer>(*this)) {
    context_.paces.set(options.pace);
    context_.message_bytes_max = options.message_bytes_max;
    membership_.on_listening(group::Membership::Listening::to<&chat::Chat::listens>(chat_));
    post_.before_grant(session::Post::BeforeGrant::to<&group::Listeners::flush>(listeners_));
    shard.on_turn_end(Shard::TurnEnd::to<&Worker::on_turn_end>(*this));
    shard.on_record(RecordKind::accepted,
                    Shard::RecordHandler::to<&Worker::on_accepted_elsewhere>(*this));
    if (shard.id() == ShardId{0}) {
        if (options.sweeps_store) sweep_.emplace(shard, *store_);
        if (options.index != nullptr) options.index->attach(shard, *store_);
    }
    shard.on_record(RecordKind::hand_over, Shard::RecordHandler::to<&Worker::on_hand_over>(*this));
}

record::Tap* Worker::make_tap() {
    if (options_.taps == nullptr) return nullptr;
    Lane& lane = *options_.taps->lanes[raw(shard_.id())];
    return &tap_.emplace(shard_, lane, options_.taps->selection);
}

Worker::~Worker() {
    PARLEY_ASSERT(idle());
    if (options_.index != nullptr && shard_.id() == ShardId{0}) options_.index->detach();
}

void Worker::start(int listener, Spread spread) {
    deals_out_ = spread == Spread::deal_out;
    acceptors_.push_back(std::make_unique<net::Listener>(
        shard_, listener, net::Listener::Accepted::to<&Worker::on_accepted>(*this)));
    acceptors_.back()->on_failure(net::Listener::Failed::to<&Worker::on_accept_failure>(*this));
    acceptors_.back()->start();
}

void Worker::drain(Drain::Successor successor) {
    for (const auto& acceptor : acceptors_)
        acceptor->stop();
    openings_end_ = shard_.now() + session::opening_drain_max;
    drain_.begin(successor);
}

bool Worker::drained() const noexcept {
    const bool nobody_comes = opening_count_ == 0 || shard_.now() >= openings_end_;
    return nobody_comes && drain_.done() && !is_accepting();
}

bool Worker::is_accepting() const noexcept {
    return std::ranges::any_of(acceptors_, [](const auto& each) { return !each->closed(); });
}

void Worker::stop() noexcept {
    stopping_ = true;
    for (const auto& acceptor : acceptors_)
        acceptor->stop();
    for (session::Opening& opening : openings_)
        opening.abort();
    drain_.finish();
    updates_.stop();
    if (sweep_) sweep_->stop();
    store_->stop();
}

void Worker::abort() noexcept {
    drain_.abort_raw_sockets();
    downloads_.abort();
    sessions_.for_each([](session::Session& session) { session.abort(); });
}

bool Worker::idle() const noexcept {
    return !is_accepting() && net_.connections == 0 && updates_.idle() && store_->idle();
}

void Worker::on_accepted(int descriptor) noexcept {
    if (!deals_out_) return begin_opening(descriptor);
    const auto to = static_cast<ShardId>(dealt_++ % shard_.fabric().shards());
    if (to == shard_.id()) return begin_opening(descriptor);
    if (!shard_.post(to, RecordKind::accepted, {session::bytes_of(descriptor)}, Urgency::lasting)) {
        shard_.ring().close(descriptor);
    }
}

void Worker::on_accepted_elsewhere(ShardId, std::span<std::byte> record) noexcept {
    int descriptor = -1;
    PARLEY_ASSERT(record.size() == sizeof(descriptor));
    std::memcpy(&descriptor, record.data(), sizeof(descriptor));
    begin_opening(descriptor);
}

void Worker::begin_opening(int descriptor) noexcept {
    if (stopping_) return shard_.ring().close(descriptor);
    make_room_for_opening();
    const Door::Answer answer = door_.knock(descriptor);
    session::Opening::Gate& gate = *this;
    // Owned by the list; deleted in on_opening_gone().
    auto* opening = std::make_unique<session::Opening>(net_, descriptor, policy_, gate).release();
    openings_.push_back(*opening);
    ++opening_count_;
    if (answer.what == Door::Answer::What::enter) return opening->start(answer.address);
    opening->turn_away(answer.status, answer.retry_after);
}

// Who has taken longest over the request gives way, so that those who never end it keep nobody out.
// What is dropped goes within a turn or two, and is not in the list meanwhile.
void Worker::make_room_for_opening() noexcept {
    if (openings_.empty() || opening_count_ < session::openings_max) return;
    openings_.pop_front().abort();
}

void Worker::on_opening_gone(session::Opening& opening) noexcept {
    door_.leave(opening.address());
    end(opening);
}

void Worker::end(session::Opening& opening) noexcept {
    --opening_count_;
    delete &opening;
}

void Worker::on_refused(session::Refusal reason) noexcept {
    ++refusals_[static_cast<std::size_t>(reason)];
    if (options_.commons != nullptr) options_.commons->tell_refused(reason, shard_.now());
}

void Worker::on_admitted(session::Opening& opening, session::Admission admission,
                         int descriptor) noexcept {
    end(opening);
    const ShardId home = shard_.home(shard_.key<UserKey>(admission.identity.user));
    // Nameless connections have no home: they stay where they were accepted.
    if (home == shard_.id() || options_.handler != nullptr) {
        return welcome(std::move(admission), descriptor);
    }
    const std::vector<std::byte> record = session::pack(admission, descriptor);
    if (!shard_.post(home, RecordKind::hand_over, {record}, Urgency::lasting)) {
        door_.leave(admission.address);
        return shard_.ring().close(descriptor);
    }
    static_cast<void>(admission.channel.release());  // the record's now
}

void Worker::on_hand_over(ShardId, std::span<std::byte> record) noexcept {
    int descriptor = -1;
    session::Admission admission = session::unpack(record, descriptor);
    welcome(std::move(admission), descriptor);
}

void Worker::welcome(session::Admission admission, int descriptor) noexcept {
    if (stopping_) {
        door_.leave(admission.address);
        return shard_.ring().close(descriptor);
    }
    if (admission.fetch) return downloads_.begin(std::move(admission), descriptor);
    if (options_.handler != nullptr) {
        const auto gone = RawSocket::Gone::to<&Worker::on_raw_socket_gone>(*this);
        // Owned by the list; deleted in on_raw_socket_gone().
        auto* socket =
            std::make_unique<RawSocket>(context_, descriptor, *options_.handler, gone).release();
        socket->address = admission.address;
        drain_.add(*socket);
        return socket->open(std::move(admission));
    }
    make_room_for(shard_.key<UserKey>(admission.identity.user));
    const std::optional<WallTime> good_until = admission.identity.good_until;
    session::Session& session = sessions_.add(context_, std::move(admission), descriptor);
    if (good_until) expiries_.watch(session, *good_until);
    // Signed in before its first words are read: they may already be here.
    chat_.arrive(session);
    membership_.sign_in(session);
    session.open();
    drain_.add(session);
}

// Of a group: who is in it now, by the list in the token or by listening. Others may be members who
// are elsewhere: the store knows.
Downloads::MayHear Worker::may_hear(const session::Identity& who,
                                    const record::Talk& talk) noexcept {
    using MayHear = Downloads::MayHear;
    if (talk.scope == wire::Scope::direct) {
        return who.user == talk.from || who.user == talk.to ? MayHear::yes : MayHear::no;
    }
    bool listens = std::ranges::find(who.groups, talk.to) != who.groups.end();
    const auto group = shard_.key<GroupKey>(talk.to);
    sessions_.for_each_of(shard_.key<UserKey>(who.user), [&](session::Session& session) {
        listens = listens || session.subscription(group) != nullptr;
    });
    return listens ? MayHear::yes : MayHear::ask_store;
}

void Worker::on_download_gone(session::AddressMark address) noexcept {
    door_.leave(address);
}

void Worker::on_raw_socket_gone(RawSocket& socket) noexcept {
    drain_.forget(socket);
    door_.leave(socket.address);
    delete &socket;
}

void Worker::on_leaving(session::Session& session) noexcept {
    expiries_.forget(session);
    chat_.leave(session);
    direct_.leave(session);
    membership_.sign_out(session);
}

void Worker::on_pong(session::Session& session, std::span<const std::byte> payload) noexcept {
    chat_.on_pong(session, payload);
}

void Worker::on_gone(session::Session& session) noexcept {
    door_.leave(sessions_.address_of(session));
    sessions_.remove(session);
}

void Worker::on_command(session::Session& session, const wire::Command& command) noexcept {
    if (command.verb == wire::Verb::connection_test) return answer_test(session, command);
    if (command.scope == wire::Scope::direct) return on_direct(session, command);
    on_group(session, command);
}

// What is said to a group that it may turn out to be in.
bool Worker::depends_on_sign_in(session::Session& session, const wire::Command& command) noexcept {
    switch (command.verb) {
        case wire::Verb::audio:
        case wire::Verb::floor_request:
        case wire::Verb::floor_release:
        case wire::Verb::text:
        case wire::Verb::interactive:
        case wire::Verb::image:
            break;
        case wire::Verb::join:
        case wire::Verb::leave:
        case wire::Verb::hello:
        case wire::Verb::delivered:
        case wire::Verb::read:
        case wire::Verb::connection_test:
            return false;
    }
    return command.scope == wire::Scope::group &&
           session.subscription(shard_.key<GroupKey>(command.to.text)) == nullptr;
}

void Worker::on_group(session::Session& session, const wire::Command& command) noexcept {
    switch (command.verb) {
        case wire::Verb::audio:
            return relay_.on_audio(session, command);
        case wire::Verb::floor_request:
            return on_floor_request(session, command);
        case wire::Verb::floor_release:
            return floor_.release(session, shard_.key<GroupKey>(command.to.text), command);
        case wire::Verb::join:
            if (pressure_ >= Pressure::shrinking) return refuse_join(session, command);
            return membership_.join(session, command);
        case wire::Verb::leave:
            return membership_.leave(session, command);
        case wire::Verb::text:
        case wire::Verb::interactive:
            return chat_.on_text(session, command);
        case wire::Verb::image:
            return chat_.on_image(session, command);
        case wire::Verb::hello:
        case wire::Verb::delivered:
        case wire::Verb::read:
        case wire::Verb::connection_test:
            return;  // nothing comes of them in a group
    }
}

void Worker::on_direct(session::Session& session, const wire::Command& command) noexcept {
    switch (command.verb) {
        case wire::Verb::audio:
            return direct_.on_audio(session, command);
        case wire::Verb::floor_request:
            return direct_.on_start(session, command);
        case wire::Verb::floor_release:
            return direct_.on_stop(session, command);
        case wire::Verb::text:
        case wire::Verb::interactive:
            return chat_.on_text(session, command);
        case wire::Verb::image:
            return chat_.on_image(session, command);
        case wire::Verb::delivered:
        case wire::Verb::read:
            return chat_.on_receipt(session, command);
        case wire::Verb::hello:
        case wire::Verb::join:
        case wire::Verb::leave:
        case wire::Verb::connection_test:
            return;  // nothing comes of them between two users
    }
}

void Worker::on_floor_request(session::Session& session, const wire::Command& command) noexcept {
    const auto group = shard_.key<GroupKey>(command.to.text);
    session::Subscription* subscription = session.subscription(group);
    if (subscription == nullptr) {
        return group::tell_not_a_member(post_, session.ref(),
                                        {.from = command.from.encoded, .to = command.to.encoded});
    }
    subscription->has_requested = true;
    floor_.request(session, group, command);
}

void Worker::answer_test(session::Session& session, const wire::Command& command) noexcept {
    const std::byte nobody{0};  // the integer 0
    session.tell({.kind = wire::Kind::connection_answer,
                  .scope = wire::Scope::direct,
                  .from = {&nobody, 1},
                  .to = command.from.encoded,
                  .payload = command.payload});
}

}  // namespace parley::server
