namespace UdpEcho;

/// <summary>What a path did to numbered datagrams: numbers and times in, a report out.</summary>
sealed class PathRecord(int capacity)
{
    readonly TimeSpan[] _sentAt = new TimeSpan[capacity];
    readonly TimeSpan?[] _roundTrip = new TimeSpan?[capacity];
    int _sent, _received, _duplicated, _reordered;
    uint _nextExpected;

    public void Sent(TimeSpan now)
    {
        lock (_sentAt) _sentAt[_sent++] = now;
    }

    // #region reply
    /// <summary>Takes a reply; one to a number that was never sent is ignored.</summary>
    public void Reply(uint sequence, TimeSpan now)
    {
        lock (_sentAt)
        {
            if (sequence >= _sent) return;
            if (_roundTrip[sequence] is not null)
            {
                _duplicated += 1;
                return;
            }
            _roundTrip[sequence] = now - _sentAt[sequence];
            _received += 1;
            // RFC 4737 §3.3. Only the first copy is judged; a gap is loss until its number comes, and then it is late.
            if (sequence >= _nextExpected) _nextExpected = sequence + 1;
            else _reordered += 1;
        }
    }
    // #endregion reply

    // #region report
    /// <summary>The report as one line of JSON.</summary>
    public string Report()
    {
        lock (_sentAt)
        {
            var ascending = _roundTrip.OfType<TimeSpan>().Order().ToArray();

            // Nearest rank, in milliseconds.
            double? Percentile(int p) => ascending.Length == 0
                ? null
                : Math.Round(ascending[Math.Max(0, (p * ascending.Length + 99) / 100 - 1)].TotalMilliseconds, 3);

            return Json.Line(json =>
            {
                json.WriteNumber("sent", _sent);
                json.WriteNumber("received", _received);
                json.WriteNumber("lost", _sent - _received);
                json.WriteNumber("duplicated", _duplicated);
                json.WriteNumber("reordered", _reordered);
                foreach (var (name, p) in new[] { ("rttMinMs", 0), ("rttP50Ms", 50), ("rttP99Ms", 99) })
                {
                    if (Percentile(p) is { } ms) json.WriteNumber(name, ms);
                    else json.WriteNull(name);
                }
            });
        }
    }
    // #endregion report
}
