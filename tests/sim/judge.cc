// The judge as the radios' hand: what they do, and what is noted of it.
#include "sim/judge.h"

#include <algorithm>

namespace parley::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// An order of the server's from one shard to another takes less, even past a stalled shard.
constexpr Duration settling = seconds{1};

std::string group_name(int group) {
    return "group" + std::to_string(group);
}

}  // namespace

Judge::Judge(World& world, int users, int groups, Dropped dropped)
    : world_(world),
      groups_(index(groups)),
      dropped_(dropped),
      radios_(index(users)),
      places_(index(users) * index(groups)) {
    for (Place& at : places_)
        at.texts_heard.resize(index(users), -1);
}

bool Judge::open(int user) const noexcept {
    const auto& line = radios_[index(user)].line;
    return line != nullptr && line->state() == Line::State::open && !line->left();
}

bool Judge::reading(int user) const noexcept {
    return open(user) && radios_[index(user)].line->reading();
}

bool Judge::holds(int user, int group) const noexcept {
    const int latest = place(user, group).latest;
    return latest >= 0 && talks_[index(latest)].state == Talk::State::held;
}

// ---- what radios do

void Judge::say(int user, std::string_view message) {
    if (world_.printing()) {
        Message said;
        decode_message(message, said);
        world_.remark("user" + std::to_string(user) + " says " + to_text(said));
    }
    radios_[index(user)].line->say(message);
}

void Judge::connect(int user, std::uint16_t port, std::string_view device) {
    Radio& radio = radios_[index(user)];
    if (radio.line != nullptr) {  // the server closes the earlier one
        const bool was_open = radio.line->state() == Line::State::open;
        radio.line->allow_end();
        radio.line->resume_reading();
        lose_line(user);
        radio.rivals.push_back({radio.line.get(), was_open});
        radio.former.push_back(std::move(radio.line));
    }
    radio.line = std::make_unique<Line>(world_, *this, user, port, device);
    ++radio.line_number;
    // An earlier one that is not open yet may sign in later, and then this one goes.
    const bool may_lose = std::ranges::any_of(
        radio.former, [](const auto& line) { return line->state() == Line::State::opening; });
    if (may_lose || cuts_expected_) radio.line->allow_end();
}

void Judge::join(int user, int group) {
    say(user, encode_message(Type::user_add, user_name(user), group_name(group),
                             Message::Payload::nil, {}));
    Place& at = place(user, group);
    at.member = at.sure = at.said = true;
    changed(at);
}

void Judge::leave_group(int user, int group) {
    say(user, encode_message(Type::user_remove, user_name(user), group_name(group),
                             Message::Payload::nil, {}));
    Place& at = place(user, group);
    at.member = false;
    at.sure = at.said = true;
    changed(at);
    doubt(user, group);
    for (Text& text : texts_) {
        if (text.group == group) text.owed &= ~(1U << user);
    }
}

void Judge::start(int user, int group) {
    Place& at = place(user, group);
    doubt(user, group);  // a holder who asks anew begins a new burst
    const int number = static_cast<int>(talks_.size());
    Talk& talk = talks_.emplace_back();
    talk.number = number;
    talk.user = user;
    talk.group = group;
    if (!member(user, group)) {
        talk.asker = at.sure ? Talk::Asker::stranger : Talk::Asker::unknown;
    }
    talk.asked = talk.voice_sent = talk.voice_taken = world_.now();
    at.latest = number;
    at.unanswered.push_back(number);
    radios_[index(user)].line->talks.push_back(number);
    at.asked_as_stranger = at.asked_as_stranger || !member(user, group);
    say(user, encode_message(Type::start, user_name(user), group_name(group),
                             Message::Payload::text, talk_name(number)));
}

void Judge::audio(int user, int group) {
    const Place& at = place(user, group);
    Talk stray;  // voice without a START
    Talk& talk = at.latest < 0 ? stray : talks_[index(at.latest)];
    if (talk.stop_sent) talk.doubtful = true;  // within the grace it is relayed, later not
    talk.voice_sent = world_.now();
    say(user, encode_message(Type::audio, user_name(user), group_name(group),
                             Message::Payload::bytes, voice(talk, talk.frames)));
    ++talk.frames;
}

void Judge::stop(int user, int group) {
    Place& at = place(user, group);
    if (at.stops_open > 0) ++at.stops_spare;
    ++at.stops_open;
    at.asked_as_stranger = at.asked_as_stranger || !member(user, group);
    if (at.latest >= 0) {
        talks_[index(at.latest)].stop_sent = true;
        talks_[index(at.latest)].stop_at = world_.now();
    }
    say(user,
        encode_message(Type::stop, user_name(user), group_name(group), Message::Payload::nil, {}));
}

void Judge::text(int user, int group) {
    Radio& radio = radios_[index(user)];
    Place& at = place(user, group);
    Text text{.group = group,
              .user = user,
              .number = radio.texts_sent++,
              .owed = 0,
              .heard = 0,
              .acknowledged = false,
              .line = radio.line_number};
    for (int other = 0; other < static_cast<int>(radios_.size()); ++other) {
        if (other != user && member(user, group) && surely_hears(other, group))
            text.owed |= 1U << other;
    }
    ++at.texts_open;
    at.asked_as_stranger = at.asked_as_stranger || !member(user, group);
    texts_.push_back(text);
    // Long and short ones in turn: a short one has room where a long one has to wait.
    const std::string filling(static_cast<std::size_t>(text.number) * 73 % 200, ' ');
    say(user, encode_message(Type::text, user_name(user), group_name(group), Message::Payload::text,
                             "text " + std::to_string(text.number) + filling));
}

void Judge::garbage(int user) {
    Radio& radio = radios_[index(user)];
    if (!radio.line->say_garbage()) return;
    lose_line(user);  // it hangs up in a moment, if the server does not
    radio.rivals.push_back({radio.line.get(), false});
    radio.former.push_back(std::move(radio.line));
}

void Judge::hang_up(int user, Line::Leave how) {
    Radio& radio = radios_[index(user)];
    radio.line->leave(how);
    lose_line(user);
    radio.former.push_back(std::move(radio.line));
    dismiss_rivals(radio);
}

void Judge::stop_reading(int user) {
    radios_[index(user)].line->stop_reading();
    for (int group = 0; group < static_cast<int>(groups_); ++group) {
        place(user, group).ear.excuse();
        doubt(user, group);  // it does not see what becomes of its own talk either
    }
}

void Judge::resume_reading(int user) {
    radios_[index(user)].line->resume_reading();
    for (int group = 0; group < static_cast<int>(groups_); ++group)
        changed(place(user, group));
}

// ---- what is noted

// Membership or connection changed: until the server has taken it, anything may be heard.
void Judge::changed(Place& at) noexcept {
    at.taken = false;
    at.ear.lose_track();
}

// The server may have ended the user's talk, or will not hear all of it.
void Judge::doubt(int user, int group) noexcept {
    const int latest = place(user, group).latest;
    if (latest >= 0) talks_[index(latest)].doubtful = true;
}

void Judge::lose_line(int user) {
    for (int group = 0; group < static_cast<int>(groups_); ++group) {
        doubt(user, group);
        Place& at = place(user, group);
        const bool member = at.member;
        const bool sure = at.sure && (!at.said || settled(at));
        at = Place{};
        at.member = member;
        at.sure = sure;
        at.texts_heard.resize(radios_.size(), -1);
    }
    // What the line brought last may come again over the next one, since nobody knows whether it
    // was read: once, and in its order.
    for (Text& text : texts_) {
        text.owed &= ~(1U << user);
        text.heard &= ~(1U << user);
    }
}

bool Judge::settled(const Place& at) const noexcept {
    return at.taken && world_.now() - at.taken_at > settling;
}

bool Judge::surely_hears(int user, int group) const noexcept {
    const Place& at = place(user, group);
    const Radio& radio = radios_[index(user)];
    return reading(user) && !radio.line->may_end() && member(user, group) && settled(at);
}

void Judge::note_taken() {
    const int users = static_cast<int>(radios_.size());
    for (int user = 0; user < users; ++user) {
        if (!open(user) || radios_[index(user)].line->untaken() > 0) continue;
        for (int group = 0; group < static_cast<int>(groups_); ++group) {
            Place& at = place(user, group);
            if (!at.taken) at.taken_at = world_.now();
            at.taken = true;
            if (at.latest >= 0) {
                Talk& talk = talks_[index(at.latest)];
                talk.voice_taken = talk.voice_sent;
            }
        }
    }
}

// The rules are three seconds of silence, as the server hears it, and ninety seconds of talk.
void Judge::note_time() {
    constexpr Duration silence = milliseconds{2500};
    const Instant now = world_.now();
    for (const Place& at : places_) {
        if (at.latest < 0) continue;
        Talk& talk = talks_[index(at.latest)];
        if (now - talk.voice_taken >= silence) talk.doubtful = true;
        if (now - talk.asked >= seconds{85}) talk.near_limit = true;
        const bool goes_on = talk.state == Talk::State::held && !talk.doubtful && !talk.stop_sent;
        if (goes_on && reading(talk.user) && now - talk.granted >= seconds{93}) {
            accuse("a talk goes on past its limit");
        }
    }
}

void Judge::dismiss_rivals(Radio& radio) {
    for (const Rival& rival : radio.rivals)
        rival.line->leave(Line::Leave::close);
    radio.rivals.clear();
}

void Judge::poll() {
    note_time();
    for (Radio& radio : radios_) {
        if (radio.line != nullptr) {
            radio.line->poll();
            if (radio.line->state() == Line::State::ended) {
                lose_line(radio.line->user());
                radio.line.reset();
            }
        }
        for (const auto& line : radio.former)
            line->poll();
        std::erase_if(radio.rivals,
                      [](const Rival& rival) { return rival.line->state() == Line::State::ended; });
        if (radio.line == nullptr) dismiss_rivals(radio);
        std::erase_if(radio.former, [](const std::unique_ptr<Line>& line) {
            return line->state() == Line::State::ended;
        });
    }
    note_taken();
    check_losses();
}

void Judge::on_open(Line& line) {
    Radio& radio = radios_[index(line.user())];
    if (radio.line.get() != &line) return;
    std::erase_if(radio.rivals, [](const Rival& rival) { return rival.was_open; });
    for (int group = 0; group < static_cast<int>(groups_); ++group) {
        changed(place(line.user(), group));
    }
}

void Judge::on_ended(Line& line) {
    for (const int number : line.talks) {
        Talk& talk = talks_[index(number)];
        talk.freed = std::min(talk.freed, world_.now() + milliseconds{500});
    }
    if (!line.may_end()) accuse("the server ended a connection without a reason");
}

}  // namespace parley::sim
