using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace TcpEcho;

/// <summary>Accepts connections, bounds their number, and stops without cutting off work under way.</summary>
public sealed class EchoServer : IDisposable
{
    private const int Backlog = 1024;
    private static readonly TimeSpan AcceptRetryDelay = TimeSpan.FromMilliseconds(50);

    private readonly Socket _listener;
    private readonly Settings _settings;
    private readonly ConcurrentDictionary<EchoConnection, Task> _open = new();
    private bool _refusing;

    private EchoServer(Socket listener, Settings settings) => (_listener, _settings) = (listener, settings);

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <exception cref="SocketException">It cannot listen there.</exception>
    public static async Task<EchoServer> ListenAsync(Settings settings)
    {
        var addresses = await Dns.GetHostAddressesAsync(settings.Host);
        var listener = new Socket(addresses[0].AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(addresses[0], settings.Port));
            listener.Listen(Backlog);
            return new EchoServer(listener, settings);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Serves until <paramref name="stop"/>, then until no connection is left or the time is up.</summary>
    public async Task ServeAsync(CancellationToken stop)
    {
        await AcceptUntilAsync(stop);
        // #region graceful-stop
        Log.Write("info", "stopping", ("withinMs", _settings.ShutdownTimeout.TotalMilliseconds), ("open", _open.Count));
        _listener.Dispose(); // new connections are refused from here on; the open ones are served on
        try
        {
            await Task.WhenAll(_open.Values).WaitAsync(_settings.ShutdownTimeout, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            foreach (var connection in _open.Keys) connection.GiveUp("cut off by the stop");
        }
        // #endregion graceful-stop
    }

    private async Task AcceptUntilAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                Admit(await _listener.AcceptAsync(stop));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException error)
            {
                // No descriptor left, or a peer that was gone before we took it. Neither is a reason to stop serving.
                Log.Write("error", "accept-failed", ("error", error.SocketErrorCode.ToString()));
                await Task.Delay(AcceptRetryDelay, CancellationToken.None);
            }
        }
    }

    // #region max-connections
    private void Admit(Socket socket)
    {
        if (_open.Count >= _settings.MaxConnections)
        {
            socket.Dispose();
            if (!_refusing) Log.Write("warn", "connections-refused", ("open", _settings.MaxConnections));
            _refusing = true; // one line when it begins: a flood must not fill the log as well
            return;
        }
        _refusing = false;
        var connection = new EchoConnection(socket, _settings.IdleTimeout);
        var gate = new TaskCompletionSource();
        _open[connection] = RunAsync();
        gate.SetResult();

        async Task RunAsync()
        {
            await gate.Task; // until it stands in the dictionary, or it might leave before it has entered
            await connection.EchoAsync();
            _open.TryRemove(connection, out _);
        }
    }
    // #endregion max-connections

    public void Dispose() => _listener.Dispose();
}
