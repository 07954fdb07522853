namespace UdpEcho;

// #region drop-log
/// <summary>Tells about dropped datagrams in sums, at most one line an interval, however many a flood drops.</summary>
sealed class DropLog(TimeSpan interval)
{
    long _untold;

    public void Add() => Interlocked.Increment(ref _untold);

    /// <summary>Tells until cancelled, and then tells the rest.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping)) Tell();
        }
        catch (OperationCanceledException)
        {
            // Told below.
        }
    }

    public void Tell()
    {
        var dropped = Interlocked.Exchange(ref _untold, 0);
        if (dropped > 0) Log.Write("warn", "rate-limited", json => json.WriteNumber("dropped", dropped));
    }
}
// #endregion drop-log
