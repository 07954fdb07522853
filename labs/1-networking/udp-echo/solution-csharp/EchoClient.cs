using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace UdpEcho;

/// <summary>Sends numbered datagrams to an echo server and reports what came of them.</summary>
sealed class EchoClient
{
    const int ProbeBytes = 8;

    readonly Socket _socket;
    readonly ClientSettings _settings;
    readonly PathRecord _record;
    readonly uint _run = BinaryPrimitives.ReadUInt32BigEndian(RandomNumberGenerator.GetBytes(4));
    readonly long _startedAt = Stopwatch.GetTimestamp();
    int _refusals;

    EchoClient(Socket socket, ClientSettings settings)
    {
        _socket = socket;
        _settings = settings;
        _record = new PathRecord(settings.Count);
    }

    TimeSpan Now => Stopwatch.GetElapsedTime(_startedAt);

    /// <summary>Runs to its end, or until cancelled, and returns the report of what there is.</summary>
    public static async Task<string> MeasureAsync(ClientSettings settings, CancellationToken stopping)
    {
        using var socket = DatagramSocket.Create();
        // Connected: the kernel drops what comes from elsewhere, and tells us of an ICMP "port unreachable".
        await socket.ConnectAsync(settings.Target, stopping);
        var client = new EchoClient(socket, settings);

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var receiving = client.ReceiveAsync(ending.Token);
        try
        {
            await client.SendAsync(stopping);
            await Task.Delay(settings.Wait, stopping);
        }
        catch (OperationCanceledException)
        {
            // Told to stop: the report is of what there is.
        }
        await ending.CancelAsync();
        await receiving;
        Log.Write("info", "finished", json => json.WriteNumber("refusals", client._refusals));
        return client._record.Report();
    }

    // #region send-all
    /// <summary>Each datagram has its moment, counted from the first: a late one does not make all others late.</summary>
    async Task SendAsync(CancellationToken stopping)
    {
        var probe = new byte[ProbeBytes];
        BinaryPrimitives.WriteUInt32BigEndian(probe, _run);
        var first = Now;
        for (var sequence = 0; sequence < _settings.Count; sequence += 1)
        {
            var early = first + sequence * _settings.Interval - Now;
            if (early > TimeSpan.Zero) await Task.Delay(early, stopping);
            BinaryPrimitives.WriteUInt32BigEndian(probe.AsSpan(4), (uint)sequence);
            _record.Sent(Now);
            try
            {
                await _socket.SendAsync(probe, SocketFlags.None, stopping);
            }
            catch (SocketException error)
            {
                Refused(error);
            }
        }
    }
    // #endregion send-all

    async Task ReceiveAsync(CancellationToken ending)
    {
        // One byte more than a reply has: a longer datagram must not pass for one.
        var buffer = new byte[ProbeBytes + 1];
        while (!ending.IsCancellationRequested)
        {
            try
            {
                var length = await _socket.ReceiveAsync(buffer, SocketFlags.None, ending);
                if (length == ProbeBytes && BinaryPrimitives.ReadUInt32BigEndian(buffer) == _run)
                {
                    _record.Reply(BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(4)), Now);
                }
            }
            catch (SocketException error)
            {
                Refused(error);
            }
            catch (OperationCanceledException)
            {
                // The loop ends.
            }
        }
    }

    // #region refused
    /// <summary>One datagram met nobody (ECONNREFUSED). The next one may fare better.</summary>
    void Refused(SocketException error)
    {
        if (Interlocked.Increment(ref _refusals) != 1) return;
        Log.Write("warn", "send-failed", json => json.WriteString("message", error.SocketErrorCode.ToString()));
    }
    // #endregion refused
}
