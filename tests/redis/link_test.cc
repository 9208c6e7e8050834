// redis::Link against a Redis that the test plays: what is asked, answered, broken and come back
// to.
#include "redis/link.h"

#include <gtest/gtest.h>
#include <string>

#include "support/one_shard.h"
#include "support/sockets.h"

namespace parley::redis {
namespace {

/// Connects to the test, or to nobody.
class TestDialer final : public Dialer {
public:
    void dial(std::unique_ptr<Call> call) override {
        ++dialed;
        if (reachable) {
            test::TcpPair pair = test::tcp_pair();
            call->descriptor = pair.ours.release();
            redis = std::move(pair.theirs);
        }
        const auto home = call->home;
        Mailbox::Letters letters;
        letters.push_back(std::move(call));
        home->post(letters);
    }

    bool reachable = true;
    int dialed = 0;
    test::Descriptor redis;  ///< the far end of the last connection
};

struct Heard {
    std::vector<std::string> all;  ///< in order: the answer's text, or "!" and the fault
};

class Asker final : public Link::Command {
public:
    Asker(Heard& heard, std::string_view word, Link* then = nullptr)
        : heard_(heard), word_(word), then_(then) {}
    void write(std::vector<std::byte>& out) noexcept override { append_command({word_}, out); }
    void on_reply(Result<Reply> reply) noexcept override {
        heard_.all.push_back(reply ? (*reply).text : "!" + std::to_string(reply.error().code));
        if (then_ != nullptr) then_->ask(std::make_unique<Asker>(heard_, "AGAIN"), 1);
    }

private:
    Heard& heard_;
    const std::string word_;
    Link* then_;
};

std::string failed(Fault fault) {
    return "!" + std::to_string(static_cast<int>(fault));
}

constexpr Duration soon = std::chrono::milliseconds{100};
constexpr Duration never = std::chrono::hours{1};

class LinkTest : public testing::Test, public Link::Owner {
protected:
    ~LinkTest() override {
        if (!link_) return;
        link_->stop();
        EXPECT_TRUE(shard_.run_until([&] { return link_->idle(); }));
    }
    void open(const Link::Options& options) {
        link_ = std::make_unique<Link>(shard_.shard, dialer_, options, *this);
        link_->start();
    }
    std::size_t greet(std::vector<std::byte>& out) noexcept override {
        append_command({"HELLO"}, out);
        return 1;
    }
    bool on_greeted(std::size_t, const Reply& reply) noexcept override {
        return reply.text == "hi";
    }
    bool on_push(const Reply& reply) noexcept override {
        pushed_.push_back(reply.elements.back().text);
        return true;
    }

    void ask(std::string_view word, Link* then = nullptr) {
        link_->ask(std::make_unique<Asker>(heard_, word, then), word.size());
    }
    void turn_until(std::size_t answers) {
        EXPECT_TRUE(shard_.run_until([&] { return heard_.all.size() >= answers; }));
    }
    /// Turns until the link has said exactly this since the last time.
    void expect_said(std::string_view text) {
        EXPECT_TRUE(shard_.run_until([&] {
            test::read_waiting(dialer_.redis, said_);
            return said_.size() >= text.size();
        }));
        EXPECT_EQ(said_, text);
        said_.clear();
    }
    void say(std::string_view text) { test::write_all(dialer_.redis, text); }
    void become_ready() {
        expect_said("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*1\r\n$5\r\nHELLO\r\n");
        say("+OK\r\n+hi\r\n");
        EXPECT_TRUE(shard_.run_until([&] { return link_->is_ready(); }));
    }
    void expect_new_connection(int dialed) {
        EXPECT_TRUE(shard_.run_until([&] { return dialer_.dialed >= dialed; }));
        said_.clear();
        become_ready();
    }

    test::OneShard shard_{net::QueueLimits{}};
    TestDialer dialer_;
    std::unique_ptr<Link> link_;
    Heard heard_;
    std::vector<std::string> pushed_;
    std::string said_;
};

using Texts = std::vector<std::string>;

TEST_F(LinkTest, SignsInAndGreetsBeforeItAsks) {
    open({.user = "ann", .password = "pw", .database = 3});
    ask("X");
    expect_said(
        "*3\r\n$4\r\nAUTH\r\n$3\r\nann\r\n$2\r\npw\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"
        "*1\r\n$5\r\nHELLO\r\n");
    say("+OK\r\n+OK\r\n+hi\r\n");
    expect_said("*1\r\n$1\r\nX\r\n");
    say("+x\r\n");
    turn_until(1);
    EXPECT_EQ(heard_.all, Texts{"x"});
}

TEST_F(LinkTest, SendsAPasswordAlone) {
    open({.password = "pw"});
    expect_said(
        "*2\r\n$4\r\nAUTH\r\n$2\r\npw\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*1\r\n$5\r\nHELLO\r\n");
}

TEST_F(LinkTest, AnswersInTheOrderAskedHoweverTheAnswersAreSplit) {
    open({});
    become_ready();
    for (const char* word : {"A", "B", "C"})
        ask(word);
    expect_said("*1\r\n$1\r\nA\r\n*1\r\n$1\r\nB\r\n*1\r\n$1\r\nC\r\n");
    for (const char byte : std::string_view("+a\r\n$1\r\nb\r\n-ERR c\r\n"))
        say({&byte, 1}), shard_.turn();
    turn_until(3);
    EXPECT_EQ(heard_.all, (Texts{"a", "b", failed(Fault::other)}));
    EXPECT_EQ(link_->waiting(), 0U);
    EXPECT_EQ(link_->waiting_bytes(), 0U);
}

TEST_F(LinkTest, TakesQuestionsFromWithinAnAnswer) {
    open({});
    become_ready();
    ask("A", link_.get());
    expect_said("*1\r\n$1\r\nA\r\n");
    say("+a\r\n");
    expect_said("*1\r\n$5\r\nAGAIN\r\n");
    say("+b\r\n");
    turn_until(2);
    EXPECT_EQ(heard_.all, (Texts{"a", "b"}));
}

TEST_F(LinkTest, TellsThatAQuestionIsLostWithTheConnectionAndAsksTheRestOnTheNext) {
    open({.answer_max = never});
    become_ready();
    ask("A");
    expect_said("*1\r\n$1\r\nA\r\n");
    dialer_.redis.close();
    turn_until(1);
    ask("B");
    EXPECT_EQ(heard_.all, Texts{failed(Fault::lost)});
    expect_new_connection(2);
    expect_said("*1\r\n$1\r\nB\r\n");
    say("+b\r\n");
    turn_until(2);
    EXPECT_EQ(heard_.all.back(), "b");
    EXPECT_EQ(link_->counters().lost, 1U);
}

TEST_F(LinkTest, GivesUpOnARedisThatDoesNotAnswer) {
    open({.answer_max = soon});
    become_ready();
    ask("A");
    turn_until(1);
    EXPECT_EQ(heard_.all, Texts{failed(Fault::lost)});
    expect_new_connection(2);
}

TEST_F(LinkTest, GivesUpOnARedisThatDoesNotGreet) {
    open({.answer_max = soon});
    EXPECT_TRUE(shard_.run_until([&] { return dialer_.dialed >= 2; }));
    EXPECT_FALSE(link_->is_ready());
    EXPECT_NE(link_->trouble(), "");
}

TEST_F(LinkTest, WaitsForARedisThatIsAwayNoLongerThanForAnAnswer) {
    dialer_.reachable = false;
    open({.answer_max = soon});
    ask("A");
    EXPECT_TRUE(heard_.all.empty());
    turn_until(1);
    EXPECT_EQ(heard_.all, Texts{failed(Fault::timed_out)});
    EXPECT_FALSE(link_->is_hopeful());
    ask("B");
    EXPECT_EQ(heard_.all.back(), failed(Fault::unavailable));
    dialer_.reachable = true;
    expect_new_connection(dialer_.dialed + 1);
    EXPECT_TRUE(link_->is_hopeful());
}

TEST_F(LinkTest, TriesAgainWhenRedisIsNotReadyOrRefuses) {
    open({});
    for (const char* refusal : {"-LOADING Redis is loading the dataset in memory\r\n",
                                "-WRONGPASS invalid\r\n", "+OK\r\n+who\r\n"}) {
        const int dialed = dialer_.dialed;
        expect_said("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*1\r\n$5\r\nHELLO\r\n");
        say(refusal);
        EXPECT_TRUE(shard_.run_until([&] { return dialer_.dialed > dialed; })) << refusal;
        EXPECT_FALSE(link_->is_ready());
    }
    become_ready();
}

TEST_F(LinkTest, DropsWhoAnswersWhatWasNotAskedOrCannotBeUnderstood) {
    open({});
    int connections = 1;
    for (const char* nonsense :
         {"+OK\r\n", "*3\r\n+message\r\n+a\r\n+b\r\n", "*2147483647\r\n", "?"}) {
        become_ready();
        say(nonsense);
        ++connections;
        EXPECT_TRUE(shard_.run_until([&] { return dialer_.dialed >= connections; })) << nonsense;
        said_.clear();
    }
    EXPECT_EQ(link_->counters().nonsense, 4U);
    EXPECT_TRUE(pushed_.empty());
}

TEST_F(LinkTest, ReconnectsAfterErrorsThatConcernAllThatFollows) {
    open({});
    become_ready();
    int connections = 1;
    for (const char* error :
         {"-NOSCRIPT x\r\n", "-READONLY x\r\n", "-NOAUTH x\r\n", "-EMPTIED x\r\n"}) {
        ask("A");
        expect_said("*1\r\n$1\r\nA\r\n");
        say(error);
        expect_new_connection(++connections);
    }
    ask("A");
    expect_said("*1\r\n$1\r\nA\r\n");
    say("-MISCONF x\r\n");
    turn_until(5);
    EXPECT_TRUE(link_->is_ready());
    EXPECT_EQ(heard_.all.back(), failed(Fault::cannot_save));
    EXPECT_EQ(link_->counters().connected, 5U);
}

TEST_F(LinkTest, HandsUpWhatIsPushedToASubscription) {
    open({.subscribes = true});
    become_ready();
    say("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nhello\r\n");
    EXPECT_TRUE(shard_.run_until([&] { return !pushed_.empty(); }));
    EXPECT_EQ(pushed_, Texts{"hello"});
    // Nothing was said for a while: it asks, and hears that the connection lives.
    expect_said("*1\r\n$4\r\nPING\r\n");
    say("*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    expect_said("*1\r\n$4\r\nPING\r\n");
    EXPECT_EQ(link_->counters().broken, 0U);
}

TEST_F(LinkTest, RefusesWhatIsBeyondItsBounds) {
    open({.answer_max = never});
    const std::string large(waiting_bytes_max / 4, 'x');
    for (int i = 0; i < 4; ++i)
        ask(large);
    EXPECT_TRUE(heard_.all.empty());
    ask("x");
    EXPECT_EQ(heard_.all, Texts{failed(Fault::no_room)});
    EXPECT_EQ(link_->counters().refused, 1U);
    EXPECT_EQ(link_->waiting(), 4U);
}

TEST_F(LinkTest, SendsMoreThanTheSocketTakesAtOnce) {
    open({.answer_max = never});
    become_ready();
    std::string expected;
    for (int i = 0; i < 40; ++i) {
        const std::string word(300'000, static_cast<char>('a' + i % 26));
        ask(word);
        expected += "*1\r\n$300000\r\n" + word + "\r\n";
    }
    std::size_t answered = 0;
    EXPECT_TRUE(shard_.run_until([&] {
        test::read_waiting(dialer_.redis, said_);
        // As Redis does, it answers each as soon as it has it; that is what makes the next leave.
        for (; (answered + 1) * 300'014 <= said_.size(); ++answered)
            say("+OK\r\n");
        return said_.size() >= expected.size();
    }));
    EXPECT_TRUE(said_ == expected);
    turn_until(40);
}

TEST_F(LinkTest, EndsWithWhatWaitsUnanswered) {
    open({});
    become_ready();
    ask("A");
    shard_.turn();
    link_->stop();
    ask("B");
    EXPECT_TRUE(shard_.run_until([&] { return link_->idle(); }));
    EXPECT_TRUE(heard_.all.empty());
}

}  // namespace
}  // namespace parley::redis
