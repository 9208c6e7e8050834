// The judge as the radios' ear: what they hear, and whether that can be right.
#include <algorithm>
#include <charconv>

#include "sim/judge.h"

namespace parley::sim {
namespace {

using std::chrono::seconds;

// The number behind a name of radios or groups, or -1.
int number_behind(std::string_view prefix, std::string_view name) {
    int number = -1;
    if (!name.starts_with(prefix)) return -1;
    name.remove_prefix(prefix.size());
    std::from_chars(name.data(), name.data() + name.size(), number);
    return number;
}

bool is(const Message& message, Type type) {
    return message.type == static_cast<std::uint8_t>(type);
}

}  // namespace

int Judge::group_of(const Message& message) const {
    const int group = number_behind("group", message.to);
    if (message.channel != 0 || group < 0 || index(group) >= groups_) {
        accuse("a message names the group '" + message.to + "'");
    }
    return group;
}

int Judge::user_of(const Message& message) const {
    const int user = number_behind("user", message.from);
    if (user < 0 || index(user) >= radios_.size()) {
        accuse("a message is from '" + message.from + "'");
    }
    return user;
}

void Judge::on_message(Line& line, const Message& message) {
    ++heard_;
    const int user = line.user();
    if (world_.printing()) {
        world_.remark("user" + std::to_string(user) + " hears " + to_text(message));
    }
    if (radios_[index(user)].line.get() != &line) return;  // replaced: it means nothing any more
    if (is(message, Type::login_duplicated)) {
        // Of two logins under way at once, either may be the later one.
        if (!line.may_end()) accuse("a radio was told of a later login that was none");
        return;
    }
    const int group = group_of(message);
    if (user_of(message) != user) return on_others(user, group, message);
    Place& at = place(user, group);
    switch (static_cast<Type>(message.type)) {
        case Type::start_ack:
            return on_granted(user, group, message);
        case Type::start_failed:
            return on_refused(user, group, message);
        case Type::stop_ack:
            return on_stop_acknowledged(user, group);
        case Type::text_ack:
            return on_text_acknowledged(user, group);
        case Type::unauthorized_group:
            if (!at.asked_as_stranger) accuse("a member was told that it is none");
            at.refused = true;
            return;
        default:
            accuse("a radio heard its own message of type " + std::to_string(message.type));
    }
}

// ---- answers: exactly one for each request

// A stranger is refused where it is connected, a member is answered by the group's home: so these
// two kinds of answers may overtake each other. Each kind keeps its order.
Talk& Judge::answered(Place& at, Talk::Asker asker) {
    const auto is_from = [&](Talk::Asker kind) {
        return std::ranges::find_if(at.unanswered, [this, kind](int number) {
            return talks_[index(number)].asker == kind;
        });
    };
    auto found = is_from(asker);
    const auto unknown = is_from(Talk::Asker::unknown);
    // Those of whom it is not known come first; a stranger's answer is never the later one.
    const bool take_unknown =
        asker == Talk::Asker::member ? unknown < found : found == at.unanswered.end();
    if (take_unknown) found = unknown;
    if (found == at.unanswered.end()) accuse("an answer to a START that was not sent");
    Talk& talk = talks_[index(*found)];
    at.unanswered.erase(found);
    return talk;
}

void Judge::on_granted(int user, int group, const Message& message) {
    Place& at = place(user, group);
    Talk& talk = answered(at, Talk::Asker::member);
    if (talk_number(message.payload) != talk.number) {
        accuse("a START_ACK for '" + message.payload + "', which is not the START to be answered");
    }
    talk.state = Talk::State::held;
    talk.granted = world_.now();
    at.ear.on_own_grant();
    check_alone(talk);
}

void Judge::on_refused(int user, int group, const Message& message) {
    Place& at = place(user, group);
    const bool busy = message.payload == "Busy";
    if (!busy && message.payload != "Ack Failed") accuse("START_FAILED says " + message.payload);
    if (!busy && !at.refused) accuse("a START was refused as a stranger's without type 27");
    Talk& talk = answered(at, busy ? Talk::Asker::member : Talk::Asker::stranger);
    talk.state = Talk::State::over;
    talk.freed = talk.asked;
    if (busy) check_busy(talk);
}

void Judge::on_stop_acknowledged(int user, int group) {
    Place& at = place(user, group);
    Talk none;
    Talk& talk = at.latest < 0 ? none : talks_[index(at.latest)];
    // The limit of a burst is told by a STOP_ACK too, be it one before the latest.
    const auto at_limit = [&](const Talk& it) {
        return it.user == user && it.group == group && it.state == Talk::State::held &&
               world_.now() - it.asked >= seconds{89};
    };
    const bool limit = at_limit(talk);
    if (at.stops_open == 0 && !std::ranges::any_of(talks_, at_limit)) {
        accuse("a STOP_ACK that answers nothing");
    }
    if (limit || (talk.stop_sent && talk.state == Talk::State::held)) {
        talk.state = Talk::State::over;
    }
    if (limit || (talk.stop_sent && at.stops_open <= 1)) {
        talk.freed = std::min(talk.freed, world_.now());
    }
    if (at.stops_open > 0) --at.stops_open;
    if (at.stops_open == 0) at.stops_spare = 0;
}

void Judge::on_text_acknowledged(int user, int group) {
    Place& at = place(user, group);
    if (at.texts_open == 0) accuse("a TEXT_ACK that answers nothing");
    --at.texts_open;
    const auto text = std::ranges::find_if(texts_, [&](const Text& it) {
        return it.user == user && it.group == group && !it.acknowledged &&
               it.line == radios_[index(user)].line_number;
    });
    text->acknowledged = true;
}

// ---- the floor: at most one holder

// Whatever order the server took things in, this talk's floor was not free before now.
bool Judge::surely_holds(const Talk& talk) const noexcept {
    return talk.state == Talk::State::held && !talk.doubtful && !talk.near_limit &&
           !talk.stop_sent && open(talk.user) && !radios_[index(talk.user)].line->may_end();
}

void Judge::check_alone(const Talk& granted) const {
    for (const Talk& other : talks_) {
        if (other.group != granted.group || other.user == granted.user) continue;
        if (!surely_holds(other)) continue;
        const bool asked_later = granted.asked > other.granted;
        if (asked_later || surely_holds(granted)) {
            accuse("two hold the floor of group" + std::to_string(granted.group) + ": burst " +
                   std::to_string(other.number) + " and burst " + std::to_string(granted.number));
        }
    }
}

// Somebody must have held the floor for it, or been about to.
void Judge::check_busy(const Talk& refused) const {
    constexpr Duration silence = seconds{5};  // 3 s, and what was on its way behind other frames
    const bool possible = std::ranges::any_of(talks_, [&](const Talk& other) {
        return other.group == refused.group && other.user != refused.user &&
               other.freed > refused.asked && refused.asked - other.voice_sent < silence;
    });
    if (!possible) accuse("a START was refused as busy, and nobody can hold the floor");
}

// ---- what others do

void Judge::on_others(int user, int group, const Message& message) {
    Place& at = place(user, group);
    const bool sure = settled(at);
    // What was said while it was a member may have waited for it.
    const bool may_have_waited = static_cast<Type>(message.type) == Type::text;
    if (sure && at.sure && !at.member && !may_have_waited)
        accuse("somebody hears a group without being a member");
    if (!sure) at.ear.lose_track();
    const int from = user_of(message);
    switch (static_cast<Type>(message.type)) {
        case Type::start:
            on_talk(at, from, group, message);
            break;
        case Type::audio:
            on_voice(at, from, group, message);
            break;
        case Type::stop:
            check_stamp(at, from, group, message);
            on_stop(at, from);
            break;
        case Type::text:
            on_text(at, user, from, group, message);
            break;
        default:
            accuse("a listener was sent a message of type " + std::to_string(message.type));
    }
    if (!sure) at.ear.lose_track();
    if (!reading(user) || radios_[index(user)].line->may_end()) at.ear.excuse();
}

void Judge::on_talk(Place& at, int from, int group, const Message& message) {
    const int number = talk_number(message.payload);
    if (number < 0 || index(number) >= talks_.size() || talks_[index(number)].user != from ||
        talks_[index(number)].group != group) {
        accuse("a START that nobody sent: " + message.payload);
    }
    if (const char* wrong = at.ear.on_start(number); wrong != nullptr) accuse(wrong);
}

void Judge::on_voice(Place& at, int from, int group, const Message& message) {
    const VoiceHead head = voice_head(message.payload);
    if (head.talk < 0 || index(head.talk) >= talks_.size()) accuse("voice that nobody sent");
    const Talk& talk = talks_[index(head.talk)];
    if (talk.user != from || talk.group != group || head.sequence >= talk.frames ||
        message.payload != voice(talk, head.sequence)) {
        accuse("voice that is not what its talker sent");
    }
    const char* wrong = at.ear.on_voice(head.talk, head.sequence, lost_);
    if (wrong != nullptr) accuse(wrong);
}

// The id of a talk has the time of day in it, which never steps back within a group: whatever
// becomes of the machine's clock.
void Judge::check_stamp(Place& at, int from, int group, const Message& message) const {
    const std::string_view told{message.payload};
    const std::string mark = "_group" + std::to_string(group) + "_" + user_name(from) + "_";
    const std::size_t found = told.find(mark);
    if (found == std::string_view::npos) return;  // a STOP without a talk
    std::int64_t stamp = 0;
    std::from_chars(told.data() + found + mark.size(), told.data() + told.size(), stamp);
    if (stamp < at.talk_stamp) accuse("the time in a talk's id stepped back");
    at.talk_stamp = stamp;
}

void Judge::on_stop(Place& at, int from) {
    const int current = at.ear.current();
    if (current < 0) {
        at.ear.on_stop(0, lost_);
        return;
    }
    const Talk& talk = talks_[index(current)];
    if (talk.user == from) {
        // It may be the late STOP of an earlier burst of the same user.
        if (talk.stop_sent && !had_just_stopped(talk)) {
            at.ear.on_stop(talk.doubtful ? -1 : talk.frames, lost_);
        } else if (talk.stop_sent || talk.doubtful) {
            at.ear.lose_track();
        }
    } else if (at.ear.tracking()) {
        accuse("a STOP of one who does not talk reached a listener");
    }
}

// The same user's talk before this one was ended so late that its STOP may still be on its way.
bool Judge::had_just_stopped(const Talk& talk) const noexcept {
    return std::ranges::any_of(talks_, [&](const Talk& earlier) {
        return earlier.user == talk.user && earlier.group == talk.group && earlier.stop_sent &&
               earlier.number < talk.number && talk.asked - earlier.stop_at < seconds{1};
    });
}

void Judge::on_text(Place& at, int user, int from, int group, const Message& message) {
    constexpr std::string_view mark = "\"text\":\"text ";
    const std::size_t found = message.payload.find(mark);
    const int number =
        found == std::string::npos
            ? -1
            : number_behind("", std::string_view{message.payload}.substr(found + mark.size()));
    const auto text = std::ranges::find_if(texts_, [&](const Text& it) {
        return it.user == from && it.group == group && it.number == number;
    });
    if (text == texts_.end()) accuse("a text that nobody sent: " + message.payload);
    const std::uint32_t bit = 1U << user;
    if ((text->heard & bit) != 0) accuse("a text was heard twice");
    text->heard |= bit;
    int& latest = at.texts_heard[index(from)];
    if (latest >= 0 && texts_[index(latest)].line == text->line &&
        texts_[index(latest)].number > number) {
        accuse("texts were heard out of order");
    }
    latest = static_cast<int>(text - texts_.begin());
    text->owed &= ~bit;
}

// ---- loss

void Judge::check_losses() const {
    if (lost_ > dropped_()) accuse("voice was lost, and the server has not counted it");
}

void Judge::check_at_rest() {
    for (const Radio& radio : radios_) {
        if (!radio.former.empty()) {
            accuse("a connection of " + user_name(radio.former.front()->user()) +
                   " that should be closed stays open");
        }
        if (radio.line != nullptr && radio.line->state() == Line::State::opening) {
            accuse("an upgrade was never answered");
        }
    }
    for (const Place& at : places_) {
        if (!at.unanswered.empty())
            accuse(talk_name(at.unanswered.front()) + " was never answered");
        if (at.stops_open > at.stops_spare) accuse("a STOP was never answered");
        if (at.texts_open > 0) accuse("a TEXT was never answered");
    }
    for (const Text& text : texts_) {
        if (text.acknowledged && text.owed != 0) {
            accuse("text " + std::to_string(text.number) + " of " + user_name(text.user) +
                   " was acknowledged and not delivered to all, as " + std::to_string(text.owed));
        }
    }
}

void Judge::check_heard_by_all(int user, int group) {
    const Talk& talk = talks_[index(place(user, group).latest)];
    if (talk.state == Talk::State::asked) accuse("a START without rivals was not granted");
    for (int other = 0; other < static_cast<int>(radios_.size()); ++other) {
        const Place& at = place(other, group);
        if (other == user || !surely_hears(other, group)) continue;
        if (!at.ear.heard_whole(talk.number, talk.frames)) {
            accuse("user" + std::to_string(other) + " did not hear a whole talk at rest");
        }
    }
}

}  // namespace parley::sim
