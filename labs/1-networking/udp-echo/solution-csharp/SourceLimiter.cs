using System.Net;

namespace UdpEcho;

// #region bucket
/// <summary>Tokens that come back with time; a new bucket is full.</summary>
sealed class TokenBucket(SocketAddress source, ServerSettings limit, TimeSpan now)
{
    double _tokens = limit.Burst;
    TimeSpan _filledAt = now;

    public SocketAddress Source => source;

    /// <summary>Takes one token, or takes nothing and returns false.</summary>
    public bool Take(TimeSpan now)
    {
        // Fractions are kept: rounded down on every call, a source that asks often would never get a token back.
        _tokens = Math.Min(limit.Burst, _tokens + (now - _filledAt).TotalSeconds * limit.TokensPerSecond);
        _filledAt = now;
        if (_tokens < 1) return false;
        _tokens -= 1;
        return true;
    }
}
// #endregion bucket

// #region limiter
/// <summary>A token bucket for each source, and a bound on how many sources are remembered.</summary>
sealed class SourceLimiter(ServerSettings settings)
{
    readonly Dictionary<SocketAddress, LinkedListNode<TokenBucket>> _bySource = [];
    /// <summary>The source that has been silent the longest comes first.</summary>
    readonly LinkedList<TokenBucket> _bySilence = [];

    /// <summary>Whether a datagram from <paramref name="source"/> may be answered now.</summary>
    public bool Admit(SocketAddress source, TimeSpan now)
    {
        if (_bySource.TryGetValue(source, out var node))
        {
            _bySilence.Remove(node);
            _bySilence.AddLast(node);
        }
        else
        {
            node = Remember(Copy(source), now);
        }
        return node.Value.Take(now);
    }

    LinkedListNode<TokenBucket> Remember(SocketAddress source, TimeSpan now)
    {
        if (_bySource.Count >= settings.MaxSources && _bySilence.First is { } silent)
        {
            _bySilence.Remove(silent);
            _bySource.Remove(silent.Value.Source);
        }
        var bucket = new TokenBucket(source, settings, now);
        return _bySource[source] = _bySilence.AddLast(bucket);
    }

    /// <summary>The server receives every sender into one object: a key must have bytes of its own.</summary>
    static SocketAddress Copy(SocketAddress source)
    {
        var copy = new SocketAddress(source.Family, source.Size);
        source.Buffer.Span[..source.Size].CopyTo(copy.Buffer.Span);
        return copy;
    }
}
// #endregion limiter
