// Judge: what every radio has said and heard, and whether that can be right.
//
// It knows what the radios sent and when, but not when the server took it. So it accuses only
// where every order of events that is possible breaks a rule. The rules stand beside the checks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/delegate.h"
#include "base/time.h"
#include "sim/ear.h"
#include "sim/line.h"
#include "sim/talk.h"
#include "sim/world.h"

namespace parley::sim {

class Judge final : public Line::Listener {
public:
    /// How many frames of voice the server says that it dropped, over all listeners.
    using Dropped = Delegate<std::uint64_t()>;

    Judge(World& world, int users, int groups, Dropped dropped);

    /// The server is so short of memory that it may cut any connection.
    void expect_cuts() noexcept { cuts_expected_ = true; }

    // What the scenario lets the radios do. None asks whether it is sensible.

    void connect(int user, std::uint16_t port, std::string_view device);
    void join(int user, int group);
    void leave_group(int user, int group);
    void start(int user, int group);
    /// One frame of voice, as part of the user's latest burst in the group.
    void audio(int user, int group);
    void stop(int user, int group);
    void text(int user, int group);
    void garbage(int user);
    void hang_up(int user, Line::Leave how);
    void stop_reading(int user);
    void resume_reading(int user);

    bool online(int user) const noexcept { return radios_[index(user)].line != nullptr; }
    bool open(int user) const noexcept;
    bool reading(int user) const noexcept;
    bool member(int user, int group) const noexcept {
        return place(user, group).member && place(user, group).sure;
    }
    /// The user's latest burst in the group has been granted and not been given back.
    bool holds(int user, int group) const noexcept;

    /// Lets all radios take in what has arrived.
    void poll();
    /// At rest, with no faults: everything that was asked is answered, and all is heard.
    void check_at_rest();
    /// The user's latest burst in the group was granted, and all who are there heard it whole.
    void check_heard_by_all(int user, int group);

    std::uint64_t heard() const noexcept { return heard_; }
    std::uint64_t bursts() const noexcept { return talks_.size(); }

private:
    struct Text {
        int group;
        int user;
        int number;
        std::uint32_t owed;   // bit for each user who must hear it
        std::uint32_t heard;  // likewise for each who did
        bool acknowledged;
        int line;  // over which it was sent
    };
    /// One user in one group.
    struct Place {
        bool member = false;  // in the order in which the radio said so
        bool sure = true;     // false: what it said last may have been lost with its line
        bool said = false;    // it joined or left over the present line
        bool taken = false;   // the server has taken what changed last
        Instant taken_at;
        std::vector<int> unanswered;  // bursts asked for, oldest first
        int latest = -1;              // burst
        int stops_open = 0;           // sent, not yet acknowledged
        int stops_spare = 0;          // of these, how many may stay without an answer
        int texts_open = 0;           // sent, not yet acknowledged
        bool asked_as_stranger = false;
        bool refused = false;          // UNAUTHORIZED_GROUP came, START_FAILED may follow
        std::vector<int> texts_heard;  // the latest, by sender
        std::int64_t talk_stamp = 0;   // the time of day in the id of the last talk that was told
        Ear ear;
    };
    /// A replaced line that the server may rightly keep: the later one may fail, or sign in first.
    struct Rival {
        Line* line;
        bool was_open;  // then it goes once the later one is open
    };
    struct Radio {
        std::unique_ptr<Line> line;
        std::vector<std::unique_ptr<Line>> former;  // replaced by a later login, or hung up
        std::vector<Rival> rivals;
        int line_number = 0;  // among all of this user's
        int texts_sent = 0;
    };

    static std::size_t index(int number) noexcept { return static_cast<std::size_t>(number); }
    Place& place(int user, int group) noexcept {
        return places_[index(user) * groups_ + index(group)];
    }
    const Place& place(int user, int group) const noexcept {
        return places_[index(user) * groups_ + index(group)];
    }
    void on_open(Line& line) override;
    void on_message(Line& line, const Message& message) override;
    void on_ended(Line& line) override;

    // Answers to what the radio asked.
    Talk& answered(Place& at, Talk::Asker asker);
    void on_granted(int user, int group, const Message& message);
    void on_refused(int user, int group, const Message& message);
    void on_stop_acknowledged(int user, int group);
    void on_text_acknowledged(int user, int group);
    // What others in the group do.
    void on_others(int user, int group, const Message& message);
    void on_talk(Place& at, int from, int group, const Message& message);
    void on_voice(Place& at, int from, int group, const Message& message);
    void on_stop(Place& at, int from);
    void check_stamp(Place& at, int from, int group, const Message& message) const;
    bool had_just_stopped(const Talk& talk) const noexcept;
    void on_text(Place& at, int user, int from, int group, const Message& message);

    void check_alone(const Talk& granted) const;
    void check_busy(const Talk& refused) const;
    bool surely_holds(const Talk& talk) const noexcept;
    bool settled(const Place& at) const noexcept;
    bool surely_hears(int user, int group) const noexcept;
    void doubt(int user, int group) noexcept;
    void lose_line(int user);
    void changed(Place& at) noexcept;
    static void dismiss_rivals(Radio& radio);
    void note_taken();
    void note_time();
    void check_losses() const;
    void say(int user, std::string_view message);
    int group_of(const Message& message) const;
    int user_of(const Message& message) const;
    [[noreturn]] void accuse(const std::string& what) const { world_.fail(what); }

    World& world_;
    const std::size_t groups_;
    Dropped dropped_;
    std::vector<Radio> radios_;
    std::vector<Place> places_;  // by user, then group
    std::vector<Talk> talks_;    // by burst
    std::vector<Text> texts_;
    std::uint64_t lost_ = 0;  // frames of voice that a listener should have heard
    std::uint64_t heard_ = 0;
    bool cuts_expected_ = false;
};

}  // namespace parley::sim
