using System.Buffers;
using System.Net.Sockets;

namespace TcpEcho;

/// <summary>One connection: sends back what comes, with one buffer and no queue.</summary>
public sealed class EchoConnection
{
    private const int BufferBytes = 16 * 1024;

    private readonly Socket _socket;
    private readonly TimeSpan _idleTimeout;
    private readonly CancellationTokenSource _givenUp = new();
    private readonly string? _peer;
    private string? _reason;
    private long _bytes;

    public EchoConnection(Socket socket, TimeSpan idleTimeout)
    {
        _socket = socket;
        _idleTimeout = idleTimeout;
        try
        {
            _socket.NoDelay = true; // a small echo leaves at once (RFC 9293 §3.7.4)
            _peer = socket.RemoteEndPoint?.ToString();
        }
        catch (SocketException)
        {
            // The peer has reset it already; the first read says so.
        }
    }

    /// <summary>Ends when the connection does, whatever the reason. Throws nothing.</summary>
    public async Task EchoAsync()
    {
        var since = Environment.TickCount64;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await EchoUntilEndAsync(buffer);
            _reason ??= "ended";
        }
        // #region reset
        catch (SocketException error)
        {
            _reason ??= error.SocketErrorCode.ToString();
        }
        catch (OperationCanceledException)
        {
            _reason ??= "idle";
        }
        finally
        {
            _socket.Dispose(); // at every kind of end, or the descriptor stays
            _givenUp.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
            Log.Write("info", "connection-closed", ("peer", _peer), ("reason", _reason), ("bytes", _bytes),
                ("durationMs", Environment.TickCount64 - since));
        }
        // #endregion reset
    }

    private async Task EchoUntilEndAsync(Memory<byte> buffer)
    {
        // #region backpressure
        while (true)
        {
            RestartIdleTimer();
            var received = await _socket.ReceiveAsync(buffer, SocketFlags.None, _givenUp.Token);
            if (received == 0) break;
            _bytes += received;
            // The next read waits until the kernel has taken all of this: nothing piles up here, and a peer that does
            // not read is held back by its own window.
            for (var rest = buffer[..received]; rest.Length > 0;)
            {
                RestartIdleTimer();
                rest = rest[await _socket.SendAsync(rest, SocketFlags.None, _givenUp.Token)..];
            }
        }
        // #endregion backpressure

        // #region half-close
        // The peer's FIN closes one direction only (RFC 9293 §3.6.1). Every byte has been sent by now: our FIN follows it.
        _socket.Shutdown(SocketShutdown.Send);
        // #endregion half-close
    }

    // #region idle-timeout
    private void RestartIdleTimer() => _givenUp.CancelAfter(_idleTimeout);
    // #endregion idle-timeout

    /// <summary>Cuts the connection off.</summary>
    public void GiveUp(string reason)
    {
        _reason = reason;
        try
        {
            _givenUp.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in this very moment.
        }
    }
}
